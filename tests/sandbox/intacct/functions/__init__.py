"""One module per family of gateway functions: XML in, calls on the books, typed outcome out."""
