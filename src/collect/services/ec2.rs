//! Machines, disks, addresses and gateways: what EC2 says of them.
//!
//! Knows: EC2's answers, and which of them the account itself owns. Does not know: what any of it costs, or is used for.

use std::collections::BTreeMap;

use aws_sdk_ec2::types::{Filter, Tag, TelemetryStatus, VgwTelemetry};
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{Timestamp, fmt::strtime};
use rust_decimal::Decimal;

use crate::collect::ask::{Asked, Call, Collector, Refusal, pages, time};
use crate::collect::session::{Session, client};
use crate::table;
use crate::table::inventory::{
    Address, Endpoint, FastRestore, Host, Image, Instance, NatGateway, NetworkInterface, Snapshot,
    TransitGatewayAttachment, Volume, VpnConnection, exact,
};
use crate::table::rows::Rows;

use super::{asked, count, place, text, word};

const fn call(operation: &'static str) -> Call {
    Call { service: "ec2", operation }
}

const INSTANCES: Call = call("DescribeInstances");
const VOLUMES: Call = call("DescribeVolumes");
const SNAPSHOTS: Call = call("DescribeSnapshots");
const FAST_RESTORES: Call = call("DescribeFastSnapshotRestores");
const IMAGES: Call = call("DescribeImages");
const ADDRESSES: Call = call("DescribeAddresses");
const INTERFACES: Call = call("DescribeNetworkInterfaces");
const NAT_GATEWAYS: Call = call("DescribeNatGateways");
const ROUTE_TABLES: Call = call("DescribeRouteTables");
const ENDPOINTS: Call = call("DescribeVpcEndpoints");
const HOSTS: Call = call("DescribeHosts");
const TRANSIT_ATTACHMENTS: Call = call("DescribeTransitGatewayAttachments");
const VPN_CONNECTIONS: Call = call("DescribeVpnConnections");

/// Largest page of most operations (EC2 API reference, MaxResults).
const PAGE: i32 = 1000;

/// One for each table.
pub(in crate::collect) const COLLECTORS: &[Collector] = &[
    Collector::of(&table::EC2_INSTANCES, &[INSTANCES], |session| Box::pin(instances(session))),
    Collector::of(&table::EBS_VOLUMES, &[VOLUMES], |session| Box::pin(volumes(session))),
    Collector::of(&table::EBS_SNAPSHOTS, &[SNAPSHOTS], |session| Box::pin(snapshots(session))),
    Collector::of(&table::EBS_FAST_RESTORES, &[FAST_RESTORES], |session| Box::pin(fast_restores(session))),
    Collector::of(&table::EC2_IMAGES, &[IMAGES], |session| Box::pin(images(session))),
    Collector::of(&table::EC2_ADDRESSES, &[ADDRESSES], |session| Box::pin(addresses(session))),
    Collector::of(&table::EC2_NETWORK_INTERFACES, &[INTERFACES], |session| Box::pin(interfaces(session))),
    Collector::of(&table::NAT_GATEWAYS, &[NAT_GATEWAYS, ROUTE_TABLES], |session| Box::pin(nat_gateways(session))),
    Collector::of(&table::VPC_ENDPOINTS, &[ENDPOINTS], |session| Box::pin(endpoints(session))),
    Collector::of(&table::EC2_HOSTS, &[HOSTS], |session| Box::pin(hosts(session))),
    Collector::of(&table::TRANSIT_GATEWAY_ATTACHMENTS, &[TRANSIT_ATTACHMENTS], |session| {
        Box::pin(transit_attachments(session))
    }),
    Collector::of(&table::VPN_CONNECTIONS, &[VPN_CONNECTIONS], |session| Box::pin(vpn_connections(session))),
];

/// The value of a tag.
fn tag(tags: &[Tag], key: &str) -> Option<String> {
    tags.iter().find(|tag| tag.key() == Some(key)).and_then(|tag| tag.value().map(str::to_owned))
}

/// A time that EC2 writes as text: `2026-10-01T12:00:00.000Z`.
fn written(value: Option<&str>) -> Option<Timestamp> {
    value?.parse().ok()
}

/// The time in `User initiated (2026-10-01 12:00:00 GMT)`.
fn reason_time(reason: Option<&str>) -> Option<Timestamp> {
    let (_, rest) = reason?.split_once('(')?;
    let stamp = rest.strip_suffix(')')?.trim_end_matches(" GMT").trim_end_matches(" UTC");
    let time: DateTime = strtime::parse("%Y-%m-%d %H:%M:%S", stamp).ok()?.to_datetime().ok()?;
    Some(time.to_zoned(TimeZone::UTC).ok()?.timestamp())
}

async fn instances(session: &Session) -> Asked {
    let sent = client!(session, aws_sdk_ec2).describe_instances().into_paginator().page_size(PAGE).send();
    let (mut rows, mut refused) = (Vec::new(), Vec::new());
    pages(INSTANCES, sent, &mut refused, |page| {
        let all = page.reservations.unwrap_or_default();
        let all = all.iter().flat_map(|reservation| reservation.instances());
        rows.extend(all.filter_map(|one| instance(session, one)));
    })
    .await;
    Asked { rows: Rows::of(rows), refused }
}

fn instance(session: &Session, one: &aws_sdk_ec2::types::Instance) -> Option<Instance> {
    let (account, region, id) = place(session, one.instance_id())?;
    let cpu = one.cpu_options();
    Some(Instance {
        account,
        region,
        id,
        instance_type: word(one.instance_type()),
        state: word(one.state().and_then(|state| state.name())),
        launched: time(one.launch_time()),
        changed: reason_time(one.state_transition_reason()),
        platform: text(one.platform_details()),
        operation: text(one.usage_operation()),
        lifecycle: word(one.instance_lifecycle()),
        tenancy: word(one.placement().and_then(|placement| placement.tenancy())),
        zone: text(one.placement().and_then(|placement| placement.availability_zone())),
        vpc: text(one.vpc_id()),
        image: text(one.image_id()),
        architecture: word(one.architecture()),
        virtual_cpus: cpu.and_then(|cpu| Some(i64::from(cpu.core_count()?) * i64::from(cpu.threads_per_core()?))),
        detailed_monitoring: one
            .monitoring()
            .and_then(|monitoring| monitoring.state())
            .map(|state| matches!(state.as_str(), "enabled" | "pending")),
        ebs_optimized: one.ebs_optimized(),
        auto_scaling_group: tag(one.tags(), "aws:autoscaling:groupName"),
        name: tag(one.tags(), "Name"),
    })
}

async fn volumes(session: &Session) -> Asked {
    let sent = client!(session, aws_sdk_ec2).describe_volumes().into_paginator().page_size(PAGE).send();
    asked!(session, VOLUMES, sent, volumes, volume)
}

fn volume(session: &Session, one: &aws_sdk_ec2::types::Volume) -> Option<Volume> {
    let (account, region, id) = place(session, one.volume_id())?;
    let first = one.attachments().first();
    Some(Volume {
        account,
        region,
        id,
        volume_type: word(one.volume_type()),
        size: exact(one.size()),
        iops: exact(one.iops()),
        throughput: exact(one.throughput()),
        state: word(one.state()),
        created: time(one.create_time()),
        snapshot: text(one.snapshot_id()),
        instance: text(first.and_then(|bound| bound.instance_id())),
        attached: time(first.and_then(|bound| bound.attach_time())),
        device: text(first.and_then(|bound| bound.device())),
        ends_with_instance: first.and_then(|bound| bound.delete_on_termination()),
        attachments: i64::try_from(one.attachments().len()).ok(),
        zone: text(one.availability_zone()),
        name: tag(one.tags(), "Name"),
    })
}

async fn snapshots(session: &Session) -> Asked {
    let sent =
        client!(session, aws_sdk_ec2).describe_snapshots().owner_ids("self").into_paginator().page_size(PAGE).send();
    asked!(session, SNAPSHOTS, sent, snapshots, snapshot)
}

fn snapshot(session: &Session, one: &aws_sdk_ec2::types::Snapshot) -> Option<Snapshot> {
    let (account, region, id) = place(session, one.snapshot_id())?;
    // Asked for its own; what another account shares is not paid here.
    if one.owner_id().is_some_and(|owner| owner != account) {
        return None;
    }
    let gibibytes = |bytes: i64| Decimal::from(bytes).checked_div(Decimal::from(1_i64 << 30));
    Some(Snapshot {
        account,
        region,
        id,
        volume: text(one.volume_id()),
        size: exact(one.volume_size()),
        begun: time(one.start_time()),
        state: word(one.state()),
        tier: word(one.storage_tier()),
        description: text(one.description()),
        full_size: one.full_snapshot_size_in_bytes().and_then(gibibytes),
        name: tag(one.tags(), "Name"),
    })
}

async fn fast_restores(session: &Session) -> Asked {
    let own = Filter::builder().name("owner-id").values(&session.scope.account).build();
    let sent = client!(session, aws_sdk_ec2)
        .describe_fast_snapshot_restores()
        .filters(own)
        .into_paginator()
        .page_size(200)
        .send();
    asked!(
        session,
        FAST_RESTORES,
        sent,
        fast_snapshot_restores,
        |session: &Session, one: &aws_sdk_ec2::types::DescribeFastSnapshotRestoreSuccessItem| {
            let (account, region, id) = place(session, one.snapshot_id())?;
            let zone = text(one.availability_zone());
            Some(FastRestore { account, region, id, zone, state: word(one.state()), enabled: time(one.enabled_time()) })
        }
    )
}

async fn images(session: &Session) -> Asked {
    let sent = client!(session, aws_sdk_ec2).describe_images().owners("self").into_paginator().page_size(PAGE).send();
    let (mut rows, mut refused) = (Vec::new(), Vec::new());
    pages(IMAGES, sent, &mut refused, |page| {
        rows.extend(page.images.unwrap_or_default().iter().flat_map(|one| image(session, one)));
    })
    .await;
    Asked { rows: Rows::of(rows), refused }
}

/// One row for each snapshot behind it; one without any has one row.
fn image(session: &Session, one: &aws_sdk_ec2::types::Image) -> Vec<Image> {
    let Some((account, region, id)) = place(session, one.image_id()) else { return Vec::new() };
    let row = |snapshot: Option<String>| Image {
        account: account.clone(),
        region: region.clone(),
        id: id.clone(),
        snapshot,
        created: written(one.creation_date()),
        launched: written(one.last_launched_time()),
        state: word(one.state()),
        name: text(one.name()),
    };
    let disks = one.block_device_mappings().iter().filter_map(|disk| text(disk.ebs()?.snapshot_id()));
    let rows: Vec<Image> = disks.map(|snapshot| row(Some(snapshot))).collect();
    if rows.is_empty() { vec![row(None)] } else { rows }
}

async fn addresses(session: &Session) -> Asked {
    // One answer holds all: this operation has no pages.
    let mut asked = Asked { rows: Rows::of(Vec::<Address>::new()), refused: Vec::new() };
    match client!(session, aws_sdk_ec2).describe_addresses().send().await {
        Ok(answer) => {
            let all = answer.addresses.unwrap_or_default();
            asked.rows = Rows::of(all.iter().filter_map(|one| address(session, one)).collect());
        }
        Err(error) => asked.refused.push(Refusal::of(ADDRESSES, &error)),
    }
    asked
}

fn address(session: &Session, one: &aws_sdk_ec2::types::Address) -> Option<Address> {
    let (account, region, id) = place(session, one.allocation_id())?;
    Some(Address {
        account,
        region,
        id,
        association: text(one.association_id()),
        instance: text(one.instance_id()),
        interface: text(one.network_interface_id()),
        owner_of_interface: text(one.network_interface_owner_id()),
        name: tag(one.tags(), "Name"),
    })
}

async fn interfaces(session: &Session) -> Asked {
    let sent = client!(session, aws_sdk_ec2).describe_network_interfaces().into_paginator().page_size(PAGE).send();
    asked!(session, INTERFACES, sent, network_interfaces, interface)
}

fn interface(session: &Session, one: &aws_sdk_ec2::types::NetworkInterface) -> Option<NetworkInterface> {
    let (account, region, id) = place(session, one.network_interface_id())?;
    let public = one
        .private_ip_addresses()
        .iter()
        .filter(|address| address.association().is_some_and(|association| association.public_ip().is_some()));
    Some(NetworkInterface {
        account,
        region,
        id,
        status: word(one.status()),
        interface_type: word(one.interface_type()),
        instance: text(one.attachment().and_then(|bound| bound.instance_id())),
        requester_managed: one.requester_managed(),
        public_addresses: i64::try_from(public.count()).ok(),
        vpc: text(one.vpc_id()),
        zone: text(one.availability_zone()),
        description: text(one.description()),
    })
}

async fn nat_gateways(session: &Session) -> Asked {
    let sent = client!(session, aws_sdk_ec2).describe_nat_gateways().into_paginator().page_size(PAGE).send();
    let (mut rows, mut refused) = (Vec::new(), Vec::new());
    pages(NAT_GATEWAYS, sent, &mut refused, |page| {
        rows.extend(page.nat_gateways.unwrap_or_default().iter().filter_map(|one| nat_gateway(session, one)));
    })
    .await;
    // How many route tables name each: unknown when they could not be read.
    let mut routes: BTreeMap<String, i64> = BTreeMap::new();
    let mut unread = Vec::new();
    let sent = client!(session, aws_sdk_ec2).describe_route_tables().into_paginator().page_size(100).send();
    pages(ROUTE_TABLES, sent, &mut unread, |page| {
        for table in page.route_tables.unwrap_or_default() {
            let mut named: Vec<&str> = table.routes().iter().filter_map(|route| route.nat_gateway_id()).collect();
            named.sort_unstable();
            named.dedup();
            named.into_iter().for_each(|id| *routes.entry(id.to_owned()).or_default() += 1);
        }
    })
    .await;
    if unread.is_empty() {
        rows.iter_mut().for_each(|row: &mut NatGateway| row.routes = Some(routes.get(&row.id).copied().unwrap_or(0)));
    }
    refused.append(&mut unread);
    Asked { rows: Rows::of(rows), refused }
}

fn nat_gateway(session: &Session, one: &aws_sdk_ec2::types::NatGateway) -> Option<NatGateway> {
    let (account, region, id) = place(session, one.nat_gateway_id())?;
    Some(NatGateway {
        account,
        region,
        id,
        state: word(one.state()),
        connectivity: word(one.connectivity_type()),
        created: time(one.create_time()),
        vpc: text(one.vpc_id()),
        subnet: text(one.subnet_id()),
        routes: None,
        name: tag(one.tags(), "Name"),
    })
}

async fn endpoints(session: &Session) -> Asked {
    let sent = client!(session, aws_sdk_ec2).describe_vpc_endpoints().into_paginator().page_size(PAGE).send();
    asked!(session, ENDPOINTS, sent, vpc_endpoints, endpoint)
}

fn endpoint(session: &Session, one: &aws_sdk_ec2::types::VpcEndpoint) -> Option<Endpoint> {
    let (account, region, id) = place(session, one.vpc_endpoint_id())?;
    Some(Endpoint {
        account,
        region,
        id,
        endpoint_type: word(one.vpc_endpoint_type()),
        service: text(one.service_name()),
        state: word(one.state()),
        created: time(one.creation_timestamp()),
        vpc: text(one.vpc_id()),
        zones: i64::try_from(one.subnet_ids().len()).ok(),
        name: tag(one.tags(), "Name"),
    })
}

async fn hosts(session: &Session) -> Asked {
    // More than 500 in a page is refused (EC2 API reference, DescribeHosts).
    let sent = client!(session, aws_sdk_ec2).describe_hosts().into_paginator().page_size(500).send();
    asked!(session, HOSTS, sent, hosts, host)
}

fn host(session: &Session, one: &aws_sdk_ec2::types::Host) -> Option<Host> {
    let (account, region, id) = place(session, one.host_id())?;
    // One that another account shares is paid there.
    if one.owner_id().is_some_and(|owner| owner != account) {
        return None;
    }
    let takes = one.host_properties();
    Some(Host {
        account,
        region,
        id,
        state: word(one.state()),
        instance_type: text(takes.and_then(|takes| takes.instance_type())),
        family: text(takes.and_then(|takes| takes.instance_family())),
        allocated: time(one.allocation_time()),
        instances: one.instances.as_deref().and_then(count),
        zone: text(one.availability_zone()),
        name: tag(one.tags(), "Name"),
    })
}

async fn transit_attachments(session: &Session) -> Asked {
    let client = client!(session, aws_sdk_ec2);
    let sent = client.describe_transit_gateway_attachments().into_paginator().page_size(PAGE).send();
    asked!(session, TRANSIT_ATTACHMENTS, sent, transit_gateway_attachments, transit_attachment)
}

fn transit_attachment(
    session: &Session,
    one: &aws_sdk_ec2::types::TransitGatewayAttachment,
) -> Option<TransitGatewayAttachment> {
    let (account, region, id) = place(session, one.transit_gateway_attachment_id())?;
    // Who owns what is attached pays, not who owns the gateway (AWS Transit Gateway pricing).
    if one.resource_owner_id().is_some_and(|owner| owner != account) {
        return None;
    }
    Some(TransitGatewayAttachment {
        account,
        region,
        id,
        gateway: text(one.transit_gateway_id()),
        attached_type: word(one.resource_type()),
        attached: text(one.resource_id()),
        state: word(one.state()),
        created: time(one.creation_time()),
        name: tag(one.tags(), "Name"),
    })
}

async fn vpn_connections(session: &Session) -> Asked {
    // One answer holds all: this operation has no pages.
    let mut asked = Asked { rows: Rows::of(Vec::<VpnConnection>::new()), refused: Vec::new() };
    match client!(session, aws_sdk_ec2).describe_vpn_connections().send().await {
        Ok(answer) => {
            let all = answer.vpn_connections.unwrap_or_default();
            asked.rows = Rows::of(all.iter().filter_map(|one| vpn_connection(session, one)).collect());
        }
        Err(error) => asked.refused.push(Refusal::of(VPN_CONNECTIONS, &error)),
    }
    asked
}

fn vpn_connection(session: &Session, one: &aws_sdk_ec2::types::VpnConnection) -> Option<VpnConnection> {
    let (account, region, id) = place(session, one.vpn_connection_id())?;
    let up = |tunnel: &&VgwTelemetry| tunnel.status() == Some(&TelemetryStatus::Up);
    let tunnels = one.vgw_telemetry.as_deref();
    Some(VpnConnection {
        account,
        region,
        id,
        state: word(one.state()),
        tunnels: tunnels.and_then(count),
        up: tunnels.and_then(|all| i64::try_from(all.iter().filter(up).count()).ok()),
        changed: one.vgw_telemetry().iter().filter_map(|tunnel| time(tunnel.last_status_change())).max(),
        gateway: text(one.transit_gateway_id()),
        name: tag(one.tags(), "Name"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_says_when_a_machine_was_stopped() {
        let time = |reason: &str| reason_time(Some(reason)).map(|time| time.to_string());
        let stopped = time("User initiated (2026-10-01 12:30:05 GMT)");
        assert_eq!(stopped.as_deref(), Some("2026-10-01T12:30:05Z"));
        assert_eq!(time("Server.SpotInstanceTermination"), None);
        assert_eq!(reason_time(None), None);
    }
}
