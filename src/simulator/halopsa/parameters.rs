//! The query parameters that the vendor's file knows for each list. Others are ignored without a word, as the vendor
//! does, and noted.

pub(super) const ASSET: &str = "\
    activeinactive advanced_search assetgroup_id assetgroups assets assetstatuses assettype assettype_id \
    assettypes bookmarked client_id client_ids columns_id consignable consignment_id contract_id \
    contract_id_adding_to count domotzagents excludethese globalSearchID idonly include_custom_fields \
    includeactive includeallowedstatus includeassetfields includechangehistorylastupdated includechildren \
    includecolumns includeinactive includeservices includeuser integration_tenantids integration_type \
    inventory_number islogonbehalfview item_id itemstock_id kb_id lastupdatefromdate lastupdatetodate \
    licence_id linked_to_ticket linkedto_id mine mysite noicon order order2 order3 order4 order5 orderdesc \
    orderdesc2 orderdesc3 orderdesc4 orderdesc5 page_no page_size pageinate previously_selected \
    previously_selected_client_id previously_selected_site_id previously_selected_user_id salesorder_id \
    salesorder_line search search_inventory_number_only service_id service_ids site_id stockbin_id \
    stockbin_ids supplier_contract_id supplier_id suppliercontracts ticket_id tickettype_id user_id username";

pub(super) const ASSET_CHANGE: &str = "\
    asset_id count idonly licence_id order order2 order3 order4 order5 orderdesc orderdesc2 orderdesc3 \
    orderdesc4 orderdesc5 page_no page_size pageinate search user_id";

pub(super) const ASSET_TYPE: &str = "\
    assetgroup_id can_create_only can_edit_only fixedassetgroups include_current resourcesonly setuplist \
    tickettype_id type";

pub(super) const ASSET_GROUP: &str = "\
    includetypesforgroups istree type";

pub(super) const CLIENT: &str = "\
    accountmanageronly activeinactive advanced_search azureclients callplan columns_id count domain \
    exclude_internal gficlients idonly include_custom_fields includeactive includeazuretenants includecolumns \
    includeinactive includeinvoicetemplatename includenotes includeqbofields integration_tenantids \
    integration_type isjira issentinel isservicenow lastupdatefromdate lastupdatetodate order order2 order3 \
    order4 order5 orderdesc orderdesc2 orderdesc3 orderdesc4 orderdesc5 page_no page_size pageinate search \
    search_name_only sentinelid showcounts sitefields snowaccountid snowclients ticketarea_id toplevel_id \
    view_id";

pub(super) const SITE: &str = "\
    activeinactive advanced_search azuresites client_id contract_id count exclude_internal gfisites idonly \
    includeactive includeaddress includeinactive includenonstocklocations includenoorderstockbin includenotes \
    includestocklocations iscalendarfilter item_id_qty item_salesorder_id item_salesorder_line \
    lastupdatefromdate lastupdatetodate order order2 order3 order4 order5 orderdesc orderdesc2 orderdesc3 \
    orderdesc4 orderdesc5 override_enablestockbins page_no page_size pageinate search site_id sitefields \
    stocklocation toplevel_id user_override";

pub(super) const STATUS: &str = "\
    domain excludeclosed excludepending outcome_id showall showcounts showquickchangeoptions split_closed \
    ticket_id ticket_id_firstchild ticketarea_id tickettype_group_id tickettype_id tickettype_ids type view_id";

pub(super) const TOP_LEVEL: &str = "\
    agent_departments_only can_edit_only count idonly include_agents include_managers include_teams isorgchart \
    order order2 order3 order4 order5 orderdesc orderdesc2 orderdesc3 orderdesc4 orderdesc5 org_id page_no \
    page_size pageinate search show_all type";

pub(super) const CLIENT_CONTRACT: &str = "\
    client_id count device_id excluderenewed includeinactive includelastrenewed isbillingplansetup isoracle \
    order order2 order3 order4 order5 orderdesc orderdesc2 orderdesc3 orderdesc4 orderdesc5 page_no page_size \
    pageinate pending_recurring_invoice search site_id";

/// Not in the file's cut: what every paged list knows.
pub(super) const INVOICE: &str = "client_id count order orderdesc page_no page_size pageinate search";

pub(super) const RECURRING_INVOICE: &str = "\
    advanced_search asset_id awaiting_approval billing_date billingcategory_ids client_id client_ids \
    contract_id count idonly includecredits includeinvoices includelines includepoinvoices invoicedateend \
    invoicedatestart my_approvals notpostedonly order order2 order3 order4 order5 orderdesc orderdesc2 \
    orderdesc3 orderdesc4 orderdesc5 page_no page_size pageinate paymentstatuses postedonly purchaseorder_id \
    quote_status ready_for_invoicing recurringinvoice_id reviewrequired rinvoice_type salesorder_id search \
    sent_status site_id stripeautopaymentrequired ticket_id toplevel_id user_id";

pub(super) const TICKETS: &str = "\
    advanced_search agent agent_id alerttype asset_id awaitinginput billableonly billing_date billing_type \
    billingcontractid calendar_enddate calendar_startdate category_1 category_2 category_3 category_4 \
    checkmyticketsonly client_id client_ids client_ref closed_only columns_id contract_id contract_period \
    count datesearch debug default_columns deleted domain enddate enddatetime excludeslacalcs excludethese \
    excludetickettypeallowall extraportalfilter facebook_id fetchgrandchildren flagged followedandagents \
    ignoremilestonerestriction includeaccountmanager includeagent includeallopen includeappointmentid \
    includeapproval includeassetkeyfield includeassettype includebreached includebudgettype includechildids \
    includechildread includechildren includeclosed includecolumns includecompleted includecontract \
    includecountryregion includefirstname includefollowedonly includehold includeinactivetechs \
    includeinactiveusers includeitilname includelastaction includelastincomingemail includelastname \
    includelastnote includelocked includemailbox includemailid includemyuseronly includenextactivitydate \
    includenextappointmenttype includeparentsubject includeprojects includeread includerelatedservices \
    includerelease1 includerelease2 includerelease3 includeservicecategory includeslaactiondate \
    includeslatimer includestatus includesubmittedonly includesupplier includetickettype includetimetaken \
    includetoplevel includeviewing includeworkflowstage includeworkflowstagenumber includuserdepartments \
    inlcludeopenchildcount invlucebranch ismilestone isorion isquicktimesearch isscom isteams iszapier \
    itil_requesttype itil_requesttype_id kanbanviewontheagentapp kanbanviewontheportal lastupdatefromdate \
    lastupdatetodate list_id milestone_id mine nochargeonly notime onlytime open_only order order2 order3 \
    order4 order5 orderdesc orderdesc2 orderdesc3 orderdesc4 orderdesc5 orion_type page_no page_size pageinate \
    parent_id pending_review per_action prepayorcontractonly priority product project_ids ready_for_invoicing \
    related_id release_id requesttype requesttype_id requesttypegroup search search_details search_id \
    search_inventory_number search_oppcompanyname search_oppcontactname search_oppemailaddress search_release1 \
    search_release2 search_release3 search_releasenote search_reportedby search_summary \
    search_supplier_reference search_user_name search_version searchactions searchthisticketid service_id \
    showonroadmap site_id sitepostcode sla sprint_for_tickettype_id sprints startandendset startdate \
    startdatetime status status_id submittedandagents supplier_id supplier_status team team_name ticketarea_id \
    ticketcontract_id ticketidonly ticketids ticketlinktype toplevel_id unlinked_only user_id username \
    utcoffset view_id withattachments";

/// Not in the file's cut.
pub(super) const ACTIONS: &str = "\
    actoutcome actoutcomenum agentonly conversationonly count datesearch enddate excludebilling \
    excludehiddenfrominternalit excludeprivate excludesys importantonly importanttop includeagentdetails \
    includeattachments includefacebookfields includehtmlemail includehtmlnote includenonactionattachments \
    includetranslations includetwitterfields intraticketonly ischildnotes isrelatednotes slaonly startdate \
    supplieronly ticket_id timeentriesonly";

pub(super) const WEBHOOK: &str = "\
    isazureautomation type";

pub(super) const WEBHOOK_EVENT: &str = "\
    automation_id count idonly integrationmethod_id order order2 order3 order4 order5 orderdesc orderdesc2 \
    orderdesc3 orderdesc4 orderdesc5 page_no page_size pageinate webhook_id";

/// Those of single records, all resources together.
pub(super) const ONE: &str = "\
    amailentryid assettype_id assignedto booking_type client_id client_override consignablelines debug \
    dodatabaselookup domain email end_date fieldsandlayoutonly getavailablerts include_auditing \
    includeactivity includeagent includeallowedstatus includechildids includedetails includediagramdetails \
    includehierarchy includelastaction includelastappointment includelinkedobjects includenextappointment \
    includeparentchangeinfo includeparentsubject includeperiods includeprepay includeseenby is_portal \
    isdetailscreen ishalolink ispreview issetup isteams nocache site_id start_date subject ticketidonly \
    tickettype_id utcoffset";
