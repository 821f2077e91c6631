//! The members of an asset as the vendor's file types them. What is in none of these lists is a member that the
//! server has never heard of, and drops without a word.

const TEXTS: &str = "\
    _importthirdpartyid _importtype _match_integration_name _match_thirdparty_id _warning activity_statement \
    addigy_id addigy_policy_id area_guid asset_chart_json asset_field assetgroup_name assettype_name atera_id \
    ateraid automate_url auvik_device_id auvik_id auvik_network_id auvik_url aws_id azureTenantId azure_userid \
    azure_userprincipalname barracudarmm_id business_owner business_owner_cab_name business_owner_client \
    business_owner_name business_owner_site businesscentral_id changeguid changehistory_created_by \
    changehistory_updated_by child_asset_names client_name clone_inventory_numbers colour \
    connectwise_control_url connectwisecontrolid connectwisermm_id contract_ref criticality_description \
    datto_id datto_remote_url datto_site_uid datto_url device42_url domotz_agent dynatrace_id \
    ethernetMacAddress guid icinga_hostname icinga_id icon impact_statement intent intune_id inventory_number \
    item_name itglue_id itglue_url jamf_type kandji_id kaseya_id kaseyaid kaseyavsa_url key_field key_field2 \
    key_field3 lansweeper_id lansweeper_parent_id lansweeper_site_id lansweeper_url latest_contract_ref \
    liongard_id liongard_url logicmonitor_id manageengine_customer_id manageengine_id manufacturer_name \
    matching_field matching_value nable_id ncentral_remote_url ncentral_url new_software_version \
    ninja_remote_url ninja_url notes old_software_version os_override parent_asset_names phone_number \
    physicalMemoryInBytes primary_asset_chart_json printhtml priority_name prometheus_id qualys_id \
    related_kb_names related_service_name related_service_names related_services service_ids service_name \
    sibling_asset_names site_external_link_id site_guid site_name sla_name snipeit_id sqlimport_accountsid \
    sqlimport_user status_name stockbin_name supplier_contract_ref supplier_name supplier_priority_name \
    supplier_reference supplier_sla_name syncro_asset_type syncro_id syncro_url tanium_id teamviewerid \
    teamviewerpassword technical_owner technical_owner_cab_name technical_owner_name tenable_id \
    third_party_id_string use user_email username vmworkspace_id warranty_note workspace_id \
    workspace_orgunitpath workspace_url xensam_id zabbix_id zabbix_url";

const INTEGERS: &str = "\
    _importtypeid _match_integration_id access_control_level ascendant_count asset_type_priority assettype_id \
    automate_id bulkbillingperiod business_owner_cab_id business_owner_id child_id ci_type client_id \
    clone_count commissioned contract_id created_from_template criticality datto_alternate_id defaultsequence \
    descendant_count device42_id device_number domotz_agentid domotz_id domotz_type_id environment \
    first_user_id goodsin_po_id id import_details_id intune_connectionid intune_default_site \
    issue_consignment_id issue_consignment_line_id item_id itemstock_id jamf_details_id jamf_id key \
    licence_count liongard_environmnet_id liongardid manufacturer_id ncentral_details_id ninjarmm_id \
    onhold_ticket_count open_change_count open_incident_count open_ticket_count opened_thismonth_count \
    parent_id parent_third_party_id passportal_client_id passportal_id pdf_attachment_id pdftemplate_id \
    pingservice priority_id prtg_details_id prtg_id purchaseorder_line_id related_service_count \
    related_ticket_id relationship_id reserved_salesorder_id reserved_salesorder_line_id sequence \
    serialization_user service_count site_id sla_id snow_client_id snow_id sqlimport_id status_id stockbin_id \
    supplier_contract_id supplier_id supplier_priority_id supplier_sla_id supplierheaderid syncroid \
    technical_owner_cab_id technical_owner_id third_party_id thirdparty_client_id thirdparty_type_id \
    total_ticket_count user_count";

const TIMES: &str = "\
    changehistory_created_date changehistory_last_updated commissiondate contract_end_date dlastupdate \
    labour_warranty_end labour_warranty_start last_modified lastchangeofvaluedate stock_date stockdate \
    supplier_expirydate supplier_purchasedate warranty_end warranty_start";

const FLAGS: &str = "\
    _donotvalidate _dont_fire_automations _dontaddnewfields _dontupdatetype _isbatch _isclone _isimport \
    _isupdateimport _print_generate _validateonly allowallstatus auto_link auto_tag bookmarked bulkcreated \
    changebackupexists copy_unmapped_info_fields deactivate_child_devices do_not_apply_template_in_the_api \
    inactive is_primary_asset is_return is_stock_change is_stock_site is_template isassetdetails iskaseyaagent \
    manually_linked_ticket non_consignable sibling_id";

const DECIMALS: &str = "\
    contract_value contractvaluecurrent contractvalueprior default_contract_value item_cost";

const LISTS: &str = "\
    access_control add_licences add_parent_assets addigy_applications addigy_users allowed_status \
    ascendant_assets child_assets children contracts custombuttons customfields delete_parent_assets \
    descendant_assets dynatrace_from_relations dynatrace_to_relations external_links fields hierarchy \
    items_issued kbs lansweeper_relations lansweeper_software licences licences_hierarchy parent_assets \
    parent_third_party_ids qualys_software scheduled_tickets services services_hierarchy sibling_assets \
    snowUsers software tab_config user_role_breakdown users xtypeunamecanedit";

const GUIDS: &str = "\
    import_guid service_guid";

const OBJECTS: &str = "\
    assettype_config createdfrompurchaseorder new_external_link stockdetails";

/// What a value in a POST must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Type {
    Text,
    Integer,
    Decimal,
    Flag,
    Time,
    List,
    Object,
}

/// The type of an asset's member; none if the server has never heard of it.
pub(super) fn of_asset(name: &str) -> Option<Type> {
    let tables = [
        (TEXTS, Type::Text),
        (GUIDS, Type::Text),
        (INTEGERS, Type::Integer),
        (DECIMALS, Type::Decimal),
        (FLAGS, Type::Flag),
        (TIMES, Type::Time),
        (LISTS, Type::List),
        (OBJECTS, Type::Object),
    ];
    tables
        .into_iter()
        .find(|(names, _)| names.split_ascii_whitespace().any(|known| known == name))
        .map(|(_, kind)| kind)
}
