"""The request schema of dtdversion 3.0, as far as the double goes, restated compactly.

Source: dossier 1.2, 1.3 and 7 (element sequences are facts of the wire format). The elements
that the schema gained after 2019 (taxsolutionid, taxentries, query, lookup...) are in the places
the dossier gives. The real schema knows about 300 function names; this one knows those that the
double executes, and any other name is refused like an unknown element.

Comments are excluded when the text is read; see ``content_model`` for the notation.
"""

from tests.sandbox.intacct.names import names
from tests.sandbox.intacct.wire.content_model import Schema

_ENVELOPE = """
request = control, operation+
control = appid?, senderid, password?, controlid, uniqueid?, dtdversion?, policyid?, debug?,
    includewhitespace?, showadditionalerrorinfo?
control/controlid = TEXT:id256
includewhitespace = TEXT:flag
showadditionalerrorinfo = TEXT:flag
operation = authentication, preferences*, content*  @transaction:bool
authentication = login | sessionid | oauth
login = userid, companyid, password, clientid?, locationid?
preferences = companyprefs*, moduleprefs*
companyprefs = companypref+
companypref = application, preference, prefvalue
moduleprefs = modulepref+
modulepref = application, preference, prefvalue
content = function+
"""

_GENERIC = """
getAPISession = locationid?
create = ANY+
update = ANY+
delete = ALL(object, keys)
read = ALL(object, keys, fields?, returnFormat?, docparid?)
readByName = ALL(object, keys, fields?, returnFormat?, docparid?)
readByQuery = ALL(object, query, pagesize?, fields?, returnFormat?, docparid?)
read/fields = TEXT
readByName/fields = TEXT
readByQuery/fields = TEXT
readByQuery/query = TEXT
readMore = object | view | reportId | resultId
inspect = object | name  @detail
lookup = ALL(object, docparid?)
get_closedbooksdate = EMPTY
query = ALL(select, object, docparid?, filter?, orderby?, options?, pagesize?, offset?)
query/pagesize = TEXT:pagesize
query/offset = TEXT:offset
select = (field | count | avg | min | max | sum)+
%operator = equalto | notequalto | lessthan | lessthanorequalto | greaterthan
    | greaterthanorequalto | like | notlike | between | in | notin | isnull | isnotnull
query/filter = and | or | %operator
and = (and | or | %operator){2,}
or = (and | or | %operator){2,}
equalto = field, value
notequalto = field, value
lessthan = field, value
lessthanorequalto = field, value
greaterthan = field, value
greaterthanorequalto = field, value
like = field, value
notlike = field, value
between = field, value, value
in = field, value{1,1000}
notin = field, value{1,1000}
isnull = field
isnotnull = field
orderby = order+
order = field, (ascending | descending)
ascending = EMPTY
descending = EMPTY
options = caseinsensitive?, showprivate?, returnformat?
get = fields?  @object! @key! @externalkey:bool
get_list = filter?, sorts?, fields?, additional_parameters?
    @object! @start @maxitems @showprivate:bool
fields = field+
filter = logical+ | expression+
logical = (logical | expression), (logical | expression)+  @logical_operator! @object
expression = field, operator, value  @object
sorts = sortfield+
sortfield = TEXT @order!
additional_parameters = parameter+
parameter = name, value
"""

_SHARED = """
%date = year, month, day
%rate = (exchratedate?, exchratetype) | exchrate
%currency = (currency, (%rate))?
%base_currency = (basecurr?, currency, (%rate))?
%project = (projectid, (taskid, costtypeid?)?)?
datecreated = %date
dateposted = %date
datedue = %date
exchratedate = %date
revrecstartdate = %date
revrecenddate = %date
datereversed = %date
datereceived = %date
paymentdate = %date
receiveddate = %date
depositdate = %date
reversedate = %date
recon_date = %date
customfields = customfield*
customfield = customfieldname, customfieldvalue
primary = contact | contactname
billto = contact | contactname
shipto = contact | contactname
contactinfo = contact | contactname
payto = contact | contactname
returnto = contact | contactname
contact = contactname, printas, taxable?, companyname?, taxgroup?, prefix?, firstname?, lastname?,
    initial?, phone1?, phone2?, cellphone?, pager?, fax?, email1?, email2?, url1?, url2?, status?,
    mailaddress?, taxid?, taxsolutionid?, taxschedule?
mailaddress = address1?, address2?, city?, state?, zip?, country?, isocountrycode?, latitude?,
    longitude?
%account = accountlabel | glaccountno
lineitem = (%account), offsetglaccountno?, amount, allocationid?, memo?, locationid?,
    departmentid?, item1099?, form1099type?, form1099box?, key?, totalpaid?, totaldue?,
    customfields?, revrectemplate?, defrevaccount?, revrecstartdate?, revrecenddate?, %project,
    customerid?, vendorid?, employeeid?, itemid?, classid?, contractid?, warehouseid?, billable?,
    totaltrxamount?, partialexempt?, paymenttaxcapture?, taxentries?
updatelineitem = (%account)?, offsetglaccountno?, amount?, memo?, locationid?, departmentid?,
    item1099?, form1099type?, form1099box?, customfields?, revrectemplate?, defrevaccount?,
    revrecstartdate?, revrecenddate?, %project, customerid?, vendorid?, employeeid?, itemid?,
    classid?, contractid?, warehouseid?, billable?, taxentries?  @line_num!
taxentries = taxentry{1,2}
taxentry = detailid, trx_tax?
"""

_CUSTOMERS = """
%customer_tail = parentid?, termname?, custrepid?, shippingmethod?, custtype?, taxid?,
    creditlimit?, territoryid?, resaleno?, deliveryoptions?, accountlabel?, glaccountno?, glgroup?,
    onhold?, comments?, status?, currency?
%customer_contacts = primary?, billto?, shipto?, contactinfo?, contactlist?, vsoepricelist?,
    customfields?, visibility?, supdocid?, offsetglaccountno?, retainagepercentage?
create_customer = customerid, name, %customer_tail, externalid?, %customer_contacts
    @ignoreduplicates:bool
update_customer = name?, %customer_tail, %customer_contacts
    @customerid! @set_nulls:bool @externalkey:bool
delete_customer = EMPTY @customerid! @externalkey:bool
deliveryoptions = deliveryoption+
contactlist = contactitem+
contactitem = category, contactname
visibility = visibility_type, restricted_locs*, restricted_depts*
restricted_locs = locationid+
restricted_depts = departmentid+
"""

_RECEIVABLES = """
create_invoice = customerid, datecreated, dateposted?, datedue?, termname?, batchkey?, action?,
    invoiceno?, ponumber?, description?, externalid?, billto?, shipto?, %base_currency, nogl?,
    supdocid?, customfields?, taxsolutionid?, invoiceitems
invoiceitems = lineitem+
update_invoice = customerid?, datecreated?, dateposted?, datedue?, termname?, action?, invoiceno?,
    ponumber?, description?, payto?, returnto?, %currency, supdocid?, customfields?,
    updateinvoiceitems?  @key! @set_nulls:bool @externalkey:bool
updateinvoiceitems = (lineitem | updatelineitem)+
reverse_invoice = datereversed, description?  @key!
delete_invoice = EMPTY @key! @externalkey:bool
create_arpayment = customerid, paymentamount, translatedamount?,
    (batchkey | bankaccountid | undepfundsacct)?, refid?, overpaylocid?, overpaydeptid?,
    datereceived?, paymentmethod?, %base_currency, cctype?, authcode?, arpaymentitem*,
    (onlinecardpayment | onlineachpayment)*
arpaymentitem = invoicekey, amount
onlinecardpayment = cardnum, expirydate, cardtype, securitycode?, usedefaultcard?
expirydate = exp_month, exp_year
onlineachpayment = bankname, accounttype, accountnumber, routingnumber, accountholder,
    usedefaultaccount?
apply_arpayment = arpaymentkey, paymentdate, batchkey?, memo?, overpaylocid?, overpaydeptid?,
    arpaymentitems*
arpaymentitems = arpaymentitem+
nsfclosedaccount = OPEN
reverse_arpayment = datereversed, description?, nsfclosedaccount?  @key!
delete_arpayment = EMPTY @key!
create_aradjustment = customerid, datecreated, dateposted?, batchkey?, adjustmentno?, action?,
    invoiceno?, description?, externalid?, %base_currency, nogl?, taxsolutionid?, aradjustmentitems
aradjustmentitems = lineitem+
delete_aradjustment = EMPTY @key! @externalkey:bool
"""

_LEDGER_AND_CASH = """
create_gltransaction = journalid, datecreated, reversedate?, description, referenceno?,
    sourceentity?, customfields?, gltransactionentries
gltransactionentries = glentry{2,}
glentry = trtype, amount, glaccountno, document?, datecreated?, memo?, locationid?, departmentid?,
    customerid?, vendorid?, employeeid?, %project, itemid?, classid?, contractid?, warehouseid?,
    customfields?, recon_date?, %currency
delete_gltransaction = EMPTY @key! @externalkey:bool
record_otherreceipt = paymentdate, payee, receiveddate, paymentmethod,
    (undepglaccountno | (bankaccountid, depositdate?)), refid?, description?, supdocid?,
    %currency, customfields?, inclusivetax?, taxsolutionid?, receiptitems
receiptitems = (lineitem | updatelineitem)+
delete_otherreceipt = EMPTY @key!
record_deposit = bankaccountid, depositdate, depositid, (receipts | receiptkeys), description?,
    supdocid?, customfields?
receiptkeys = receiptkey+
receipts = receipt+
receipt = paymentdate, payee, receiveddate, paymentmethod, undepglaccountno, refid?, description?,
    supdocid?, %currency, customfields?, receiptitems
"""

FUNCTION_NAMES = names(
    "getAPISession create update delete read readByName readByQuery readMore inspect lookup query"
    " get_closedbooksdate"
    " get get_list create_customer update_customer delete_customer create_invoice update_invoice"
    " reverse_invoice delete_invoice create_arpayment apply_arpayment reverse_arpayment"
    " delete_arpayment create_aradjustment delete_aradjustment create_gltransaction"
    " delete_gltransaction record_otherreceipt delete_otherreceipt record_deposit"
)
"""The functions that the double executes."""

_FUNCTION = f"function = {' | '.join(FUNCTION_NAMES)}  @controlid!:id256\n"

REQUEST_SCHEMA = Schema.parse(
    _ENVELOPE + _FUNCTION + _GENERIC + _SHARED + _CUSTOMERS + _RECEIVABLES + _LEDGER_AND_CASH
)
