//! Addresses, interfaces, gateways, endpoints and balancers.

inventory! {
    /// Elastic IP addresses.
    EC2_ADDRESSES Address "ec2_addresses" "Elastic IP address" {
        association "AssociationId" Text "" "What binds it; null: nothing uses it.",
        instance "InstanceId" Text "" "Instance that has it.",
        interface "NetworkInterfaceId" Text "" "Network interface that has it.",
        owner_of_interface "NetworkInterfaceOwnerId" Text "" "Account of that interface; AWS's services have names.",
        name "Name" Text "" "Its tag Name.",
    }

    /// Network interfaces.
    EC2_NETWORK_INTERFACES NetworkInterface "ec2_network_interfaces" "network interface" {
        status "State" Text "" "available (bound to nothing), associated, attaching, in-use, detaching.",
        interface_type "InterfaceType" Text "" "interface, nat_gateway, vpc_endpoint, load_balancer, lambda, …",
        instance "InstanceId" Text "" "Instance that has it.",
        requester_managed "RequesterManaged" Boolean "" "Whether a service of AWS manages it.",
        public_addresses "PublicAddresses" Integer "addresses" "Public IPv4 addresses on it.",
        vpc "VpcId" Text "" "Its VPC.",
        zone "AvailabilityZone" Text "" "Availability zone.",
        description "Description" Text "" "What its maker wrote.",
    }

    /// NAT gateways.
    NAT_GATEWAYS NatGateway "nat_gateways" "NAT gateway" {
        state "State" Text "" "pending, failed, available, deleting, deleted.",
        connectivity "ConnectivityType" Text "" "public or private.",
        created "CreateTime" Time "" "When it was made.",
        vpc "VpcId" Text "" "Its VPC.",
        subnet "SubnetId" Text "" "Its subnet.",
        routes "Routes" Integer "route tables" "Route tables that name it.",
        name "Name" Text "" "Its tag Name.",
    }

    /// Endpoints of VPCs.
    VPC_ENDPOINTS Endpoint "vpc_endpoints" "VPC endpoint" {
        endpoint_type "EndpointType" Text "" "Interface, Gateway, GatewayLoadBalancer, Resource, ServiceNetwork.",
        service "ServiceName" Text "" "Service that it leads to, such as com.amazonaws.eu-west-1.s3.",
        state "State" Text "" "available, pending, deleting, …",
        created "CreateTime" Time "" "When it was made.",
        vpc "VpcId" Text "" "Its VPC.",
        zones "Zones" Integer "zones" "Subnets in which it has an interface: each is paid by the hour.",
        name "Name" Text "" "Its tag Name.",
    }

    /// Load balancers of all kinds.
    LOAD_BALANCERS LoadBalancer "load_balancers" "load balancer" {
        balancer "LoadBalancerName" Text "" "Its name.",
        balancer_type "LoadBalancerType" Text "" "application, network, gateway, classic.",
        scheme "Scheme" Text "" "internet-facing or internal.",
        state "State" Text "" "active, provisioning, active_impaired, failed; null for Classic.",
        created "CreateTime" Time "" "When it was made.",
        vpc "VpcId" Text "" "Its VPC.",
        zones "Zones" Integer "zones" "Availability zones that it is in.",
        listeners "Listeners" Integer "listeners" "Listeners.",
        target_groups "TargetGroups" Integer "target groups" "Target groups that it sends to.",
        targets "Targets" Integer "targets" "Targets, or instances, registered behind it.",
        healthy "HealthyTargets" Integer "targets" "Those that answer its checks, or are not checked.",
        target_zones "TargetZones" Integer "zones" "Availability zones that its targets are in, where known.",
        redirects "RedirectsOnly" Boolean "" "Whether every default action redirects or answers by itself, which needs no targets; null for Classic.",
    }

    /// Attachments of transit gateways.
    TRANSIT_GATEWAY_ATTACHMENTS TransitGatewayAttachment "transit_gateway_attachments" "transit gateway attachment that the account pays for" {
        gateway "TransitGatewayId" Text "" "Its transit gateway.",
        attached_type "AttachedResourceType" Text "" "vpc, vpn, direct-connect-gateway, connect, peering.",
        attached "AttachedResourceId" Text "" "What it attaches.",
        state "State" Text "" "available, modifying, pending, deleting, …",
        created "CreateTime" Time "" "When it was made.",
        name "Name" Text "" "Its tag Name.",
    }

    /// Site-to-Site VPN connections.
    VPN_CONNECTIONS VpnConnection "vpn_connections" "Site-to-Site VPN connection" {
        state "State" Text "" "pending, available, deleting, deleted.",
        tunnels "Tunnels" Integer "tunnels" "Its tunnels.",
        up "TunnelsUp" Integer "tunnels" "Those that are up.",
        changed "StatusChangedTime" Time "" "When the status of a tunnel last changed.",
        gateway "TransitGatewayId" Text "" "Transit gateway that it ends at; null: a virtual private gateway, or none.",
        name "Name" Text "" "Its tag Name.",
    }
}
