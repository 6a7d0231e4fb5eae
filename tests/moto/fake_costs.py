"""Cost Explorer, Cost Optimization Hub and Compute Optimizer, of which moto has none: the same few answers at every time.

Knows: what the operations that surgeon calls answer to the payer of populate.py, and Compute Optimizer to its two accounts, each in its
own region; what is beside in an answer, which no collector keeps. Figures of a day follow from its date, so that whoever asks for other
days is told the same of the days that both ask for. One operation of each service answers in two pages. The payer's services answer in
us-east-1 alone; in eu-north-1 nobody has opted in to Compute Optimizer; every other account and region has nothing.
"""

import json
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal

EXPLORER, HUB, OPTIMIZER = "AWSInsightsIndexService", "CostOptimizationHubService", "ComputeOptimizerService"
SERVICES = {EXPLORER, HUB, OPTIMIZER}
PAYER, HOME, AWAY, CLOSED = "123456789012", "eu-west-1", "us-east-1", "eu-north-1"
# Where the payer's services answer, and how many days the collector asks for.
GLOBAL, DAYS = "us-east-1", 60
COMPUTE, STORAGE, TAX = "Amazon Elastic Compute Cloud - Compute", "Amazon Simple Storage Service", "Tax"
DATABASES = "Amazon Relational Database Service"
MADE = datetime(2026, 9, 30, 6, tzinfo=timezone.utc)


def refusal(code, message):
    return 400, {"__type": code, "message": message}


def members(payer):
    """Other accounts of the organization, as moto has them in this process."""
    from moto.organizations.models import organizations_backends

    return [one.id for one in organizations_backends[payer]["aws"].accounts if one.id != payer]


def merged(kept, beside):
    """Both; of lists each element with its counterpart, and then what is left."""
    if isinstance(kept, dict) and isinstance(beside, dict):
        names = list(dict.fromkeys([*kept, *beside]))
        return {name: merged(kept[name], beside[name]) if name in kept and name in beside else {**beside, **kept}[name] for name in names}
    if isinstance(kept, list) and isinstance(beside, list):
        return [merged(*pair) for pair in zip(kept, beside)] + kept[len(beside) :] + beside[len(kept) :]
    return kept


def paged(items, token, size):
    """A page, and the token of the next."""
    first = int(token or 0)
    return items[first : first + size], (str(first + size) if first + size < len(items) else None)


def named(token, name):
    return {name: token} if token else {}


# Cost Explorer: costs.


def days(asked):
    """Dates of a period without its end."""
    start, end = (date.fromisoformat(asked["TimePeriod"][name][:10]) for name in ("Start", "End"))
    return [start + timedelta(days=n) for n in range((end - start).days)]


def period(day):
    return {"Start": day.isoformat(), "End": (day + timedelta(days=1)).isoformat()}


def charges(day, other):
    """Account, service, region, team, and costs: billed, amortized, after discounts (none are told of the other account)."""
    busy = Decimal(day.toordinal() % 5) / 2
    told = [
        (PAYER, COMPUTE, HOME, "search", Decimal("12.5") + busy, Decimal("11.25") + busy, Decimal("10.75") + busy),
        (PAYER, STORAGE, HOME, "", Decimal("0.75"), Decimal("0.75"), Decimal("0.75")),
    ]
    told += [(PAYER, TAX, "NoRegion", "", *[Decimal("3.1")] * 3)] if day.day == 1 else []
    return told + ([(other, COMPUTE, AWAY, "", Decimal("4.2"), Decimal("4.2"), None)] if other else [])


def costs(day, other, dimension):
    """Costs of a day by account and value."""
    found = {}
    for account, service, region, team, *amounts in charges(day, other):
        key = (account, {"SERVICE": service, "REGION": region}.get(dimension, team))
        sums = found.setdefault(key, [Decimal(0)] * 3)
        found[key] = [None if amount is None else before + amount for before, amount in zip(sums, amounts)]
    return found


def cost_and_usage(account, asked):
    kind, dimension = asked["GroupBy"][1]["Type"], asked["GroupBy"][1]["Key"]
    other = next(iter(members(account)), None)
    before = f"{dimension}$" if kind == "TAG" else ""
    told = []
    for day in days(asked):
        for (owner, value), amounts in costs(day, other, dimension).items():
            metrics = dict(zip(("UnblendedCost", "AmortizedCost", "NetAmortizedCost"), amounts))
            known = {
                name: {"Amount": str(metrics[name]), "Unit": "USD"} for name in asked["Metrics"] if metrics.get(name) is not None
            }
            told.append((day, {"Keys": [owner, before + value], "Metrics": known}))
    # A page may end within a day.
    shown, token = paged(told, asked.get("NextPageToken"), 101 if dimension == "SERVICE" else len(told))
    last = days(asked)[-1]
    results = {}
    for day, group in shown:
        estimated = day >= last - timedelta(days=1)
        result = {"TimePeriod": period(day), "Total": {}, "Groups": [], "Estimated": estimated}
        results.setdefault(day, result)["Groups"].append(group)
    return 200, {
        "GroupDefinitions": asked["GroupBy"], "ResultsByTime": list(results.values()),
        "DimensionValueAttributes": [{"Value": account, "Attributes": {"description": "acme"}}],
        **named(token, "NextPageToken"),
    }


# Cost Explorer: commitments.


def plans_of(day):
    """Savings plans: 24 dollars a day, of which a twentieth or a tenth is now and then not used."""
    total, unused = Decimal(24), Decimal("1.2") * (day.toordinal() % 3)
    used = total - unused
    worth = used * Decimal("1.5")
    return {
        "Utilization": used / total, "TotalCommitment": total, "UsedCommitment": used, "UnusedCommitment": unused,
        "OnDemandCostEquivalent": worth, "NetSavings": worth - total, "Coverage": Decimal("0.8"), "OnDemandCost": Decimal("8.1"),
    }


def reservations_of(day, service):
    """Reservations of machines, every other day not all used, and of databases."""
    hours, fee, price = {COMPUTE: (48, "2.88", "0.096"), DATABASES: (24, "1.5", "0.125")}[service]
    unused = Decimal("4.8") * (day.toordinal() % 2) if service == COMPUTE else Decimal(0)
    fee, worth = Decimal(fee), (hours - unused) * Decimal(price)
    return {
        "Utilization": (hours - unused) / hours, "TotalCommitment": fee, "UsedCommitment": None, "UnusedCommitment": fee * unused / hours,
        "OnDemandCostEquivalent": worth, "NetSavings": worth - fee, "Coverage": Decimal("0.5"), "OnDemandCost": hours * Decimal(price),
    }


def percent(share):
    return str(share * 100)


def plans_utilization(account, asked):
    told = []
    for day in days(asked):
        one = plans_of(day)
        told.append({
            "TimePeriod": period(day),
            "Utilization": {
                "TotalCommitment": str(one["TotalCommitment"]), "UsedCommitment": str(one["UsedCommitment"]),
                "UnusedCommitment": str(one["UnusedCommitment"]), "UtilizationPercentage": percent(one["Utilization"]),
            },
            "Savings": {"NetSavings": str(one["NetSavings"]), "OnDemandCostEquivalent": str(one["OnDemandCostEquivalent"])},
            "AmortizedCommitment": {"TotalAmortizedCommitment": str(one["TotalCommitment"])},
        })
    return 200, {"SavingsPlansUtilizationsByTime": told, "Total": {"Utilization": told[-1]["Utilization"]}}


def plans_coverage(account, asked):
    told = []
    for day in days(asked):
        one = plans_of(day)
        covered = one["OnDemandCost"] * 4
        told.append({
            "TimePeriod": period(day), "Attributes": {},
            "Coverage": {
                "SpendCoveredBySavingsPlans": str(covered), "OnDemandCost": str(one["OnDemandCost"]),
                "TotalCost": str(covered + one["OnDemandCost"]), "CoveragePercentage": percent(one["Coverage"]),
            },
        })
    shown, token = paged(told, asked.get("NextToken"), 40)
    return 200, {"SavingsPlansCoverages": shown, **named(token, "NextToken")}


def reserved(asked):
    """Who names no service is told of machines."""
    named_in = asked.get("Filter", {}).get("Dimensions", {"Values": [COMPUTE]})["Values"][0]
    return named_in if named_in in (COMPUTE, DATABASES) else None


def reservation_utilization(account, asked):
    service = reserved(asked)
    if not service:
        return refusal("DataUnavailableException", "The requested data is unavailable.")
    told = []
    for day in days(asked):
        one = reservations_of(day, service)
        told.append({
            "TimePeriod": period(day), "Groups": [],
            "Total": {
                "UtilizationPercentage": percent(one["Utilization"]), "TotalAmortizedFee": str(one["TotalCommitment"]),
                "RICostForUnusedHours": str(one["UnusedCommitment"]), "NetRISavings": str(one["NetSavings"]),
                "OnDemandCostOfRIHoursUsed": str(one["OnDemandCostEquivalent"]),
            },
        })
    shown, token = paged(told, asked.get("NextPageToken"), 40)
    return 200, {"UtilizationsByTime": shown, "Total": told[-1]["Total"], **named(token, "NextPageToken")}


def reservation_coverage(account, asked):
    service = reserved(asked)
    if not service:
        return refusal("DataUnavailableException", "The requested data is unavailable.")
    told = []
    for day in days(asked):
        one = reservations_of(day, service)
        told.append({
            "TimePeriod": period(day), "Groups": [],
            "Total": {
                "CoverageHours": {"CoverageHoursPercentage": percent(one["Coverage"])},
                "CoverageCost": {"OnDemandCost": str(one["OnDemandCost"])},
            },
        })
    return 200, {"CoveragesByTime": told, "Total": told[-1]["Total"]}


# Cost Explorer: what it would buy. What is kept of an answer stands by itself.

WHEN = {"Metadata": {"GenerationTimestamp": MADE.isoformat().replace("+00:00", "Z")}}
TERMS = {"LookbackPeriodInDays": "THIRTY_DAYS", "PaymentOption": "NO_UPFRONT", "TermInYears": "ONE_YEAR"}
BESIDE = {"Metadata": {"RecommendationId": "0f1d8a52-0000-4000-8000-00000000000a", "AdditionalMetadata": ""}}


def plan(hourly, saved, bound=None):
    details = {"SavingsPlansDetails": bound} if bound else {}
    return {
        "AccountId": PAYER, "CurrencyCode": "USD", "EstimatedMonthlySavingsAmount": saved, "HourlyCommitmentToPurchase": hourly, **details,
    }


PLANS = {
    "COMPUTE_SP": [plan("1.250", "310.4")],
    "EC2_INSTANCE_SP": [
        plan("0.310", "96.2", {"InstanceFamily": "m5", "Region": HOME}), plan("0.045", "11.9", {"InstanceFamily": "t3", "Region": AWAY}),
    ],
}


def reservation(kind, details, count, saved, monthly):
    return {
        "AccountId": PAYER, "CurrencyCode": "USD", "EstimatedMonthlyOnDemandCost": "210.24", "EstimatedMonthlySavingsAmount": saved,
        "InstanceDetails": {kind: details}, "RecommendedNumberOfInstancesToPurchase": count, "RecurringStandardMonthlyCost": monthly,
        "UpfrontCost": "0.0",
    }


MACHINE = {"InstanceType": "m5.large", "Platform": "Linux/UNIX", "Region": HOME, "Tenancy": "Shared"}
SMALL = {"InstanceType": "t3.medium", "Platform": "Linux/UNIX", "Region": AWAY, "Tenancy": "Shared"}
DATABASE = {"DatabaseEngine": "PostgreSQL", "DeploymentOption": "Single-AZ", "InstanceType": "db.r6g.large", "Region": HOME}
RESERVATIONS = {
    COMPUTE: [
        reservation("EC2InstanceDetails", MACHINE, "3", "61.3", "148.94"), reservation("EC2InstanceDetails", SMALL, "1", "9.2", "21.17"),
    ],
    DATABASES: [reservation("RDSInstanceDetails", DATABASE, "1", "54.75", "155.49")],
}
STANDARD = {"ServiceSpecification": {"EC2Specification": {"OfferingClass": "STANDARD"}}}


def offer_of_plan(kind, detail):
    told = {"SavingsPlansType": kind, **TERMS, "SavingsPlansPurchaseRecommendationDetails": [detail]}
    return {**WHEN, "SavingsPlansPurchaseRecommendation": told}


def offer_of_reservation(service, detail):
    told = {**TERMS, **(STANDARD if service == COMPUTE else {}), "RecommendationDetails": [detail]}
    return {**WHEN, "Recommendations": [told]}


def plans_to_buy(account, asked):
    kind = asked["SavingsPlansType"]
    shown, token = paged(PLANS.get(kind, []), asked.get("NextPageToken"), 1)
    beside = {
        "AccountScope": asked.get("AccountScope", "PAYER"),
        "SavingsPlansPurchaseRecommendationDetails": [{"UpfrontCost": "0.0", "EstimatedROI": "31.5", "EstimatedAverageUtilization": "97.1"}],
        "SavingsPlansPurchaseRecommendationSummary": {"CurrencyCode": "USD"},
    }
    told = merged(offer_of_plan(kind, shown[0]), {**BESIDE, "SavingsPlansPurchaseRecommendation": beside})
    return 200, {**told, **named(token, "NextPageToken")}


def reservations_to_buy(account, asked):
    service = asked["Service"]
    kept = [offer_of_reservation(service, detail)["Recommendations"][0] for detail in RESERVATIONS.get(service, [])]
    # All of a service are one group.
    groups = [{**kept[0], "RecommendationDetails": [one["RecommendationDetails"][0] for one in kept]}] if kept else []
    beside = [{"AccountScope": asked.get("AccountScope", "PAYER"), "RecommendationDetails": [{"AverageUtilization": "98.0"}]}]
    return 200, {**merged(WHEN, BESIDE), "Recommendations": merged(groups, beside) if groups else []}


EXPLORER_ANSWERS = {
    "GetCostAndUsage": cost_and_usage, "GetSavingsPlansUtilization": plans_utilization, "GetSavingsPlansCoverage": plans_coverage,
    "GetReservationUtilization": reservation_utilization, "GetReservationCoverage": reservation_coverage,
    "GetSavingsPlansPurchaseRecommendation": plans_to_buy, "GetReservationPurchaseRecommendation": reservations_to_buy,
}
# What an account without anything is told.
EMPTY = {
    "GetCostAndUsage": {"ResultsByTime": [], "GroupDefinitions": [], "DimensionValueAttributes": []},
    "GetSavingsPlansPurchaseRecommendation": {}, "GetReservationPurchaseRecommendation": {"Recommendations": []},
}


def explorer(operation, account, asked):
    if operation not in EXPLORER_ANSWERS:
        return refusal("UnknownOperationException", f"{operation} is not here")
    if account == PAYER:
        return EXPLORER_ANSWERS[operation](account, asked)
    if operation in EMPTY:
        return 200, EMPTY[operation]
    return refusal("DataUnavailableException", "The requested data is unavailable.")


# Cost Optimization Hub.


def hub_items(other):
    """Id of the resource, account, region, and what is kept."""
    def item(account, region, action, kind, identity, arn, current, proposed, saved, cost, **more):
        told = {
            "accountId": account, "actionType": action, "currencyCode": "USD", "currentResourceSummary": current,
            "currentResourceType": kind, "estimatedMonthlyCost": cost, "estimatedMonthlySavings": saved, "implementationEffort": "Low",
            "lastRefreshTimestamp": int(MADE.timestamp()), "recommendationLookbackPeriodInDays": 14,
            "recommendedResourceSummary": proposed, "recommendedResourceType": kind, "region": region, "resourceArn": arn,
            "resourceId": identity, "restartNeeded": False, "rollbackPossible": False, **more,
        }
        return {name: value for name, value in told.items() if value is not None}

    volume, database = "vol-0c0575000000000a1", f"arn:aws:rds:{HOME}:{PAYER}:db:reports"
    told = [
        (database, PAYER, HOME, item(
            PAYER, HOME, "Rightsize", "RdsDbInstance", "reports", database, "db.r6g.xlarge", "db.r6g.large", 164.25, 328.5,
            restartNeeded=True, rollbackPossible=True,
        )),
        (None, PAYER, None, item(
            PAYER, None, "PurchaseSavingsPlans", "ComputeSavingsPlans", None, None, None, "Compute Savings Plans", 310.4, 1220.8,
        )),
    ]
    if other:
        arn = f"arn:aws:ec2:{AWAY}:{other}:volume/{volume}"
        told.insert(1, (volume, other, AWAY, item(other, AWAY, "Delete", "EbsVolume", volume, arn, "gp2", "Delete", 8.0, 8.0)))
    return told


def hub(operation, account, asked):
    if operation != "ListRecommendations":
        return refusal("UnknownOperationException", f"{operation} is not here")
    items = hub_items(next(iter(members(account)), None)) if account == PAYER else []
    shown, token = paged(items, asked.get("nextToken"), 2)
    beside = {"recommendationId": "MTIzNDU2Nzg5MDEyXzE=", "source": "ComputeOptimizer", "estimatedSavingsPercentage": 50.0, "tags": []}
    return 200, {"items": [{**beside, **kept} for *_, kept in shown], **named(token, "nextToken")}


# Compute Optimizer.


def saving(value):
    return {"estimatedMonthlySavings": {"currency": "USD", "value": value}}


def optimizer_lists(account, region):
    """List: resource's id and what is kept."""
    def arn(service, resource):
        return f"arn:aws:{service}:{region}:{account}:{resource}"

    def common(days_name="lookbackPeriodInDays"):
        return {"accountId": account, "lastRefreshTimestamp": int(MADE.timestamp()), days_name: 14.0}

    def machine(identity, current, finding, mode, *options):
        told = {**common("lookBackPeriodInDays"), "currentInstanceType": current, "finding": finding}
        told |= {"effectiveRecommendationPreferences": {"savingsEstimationMode": {"source": mode}}}
        told |= {"instanceArn": arn("ec2", f"instance/{identity}"), "recommendationOptions": list(options)}
        return identity, told

    if region == AWAY:
        volume = "vol-0c0575000000000a1"
        told = {"finding": "Unattached", "resourceArn": arn("ec2", f"volume/{volume}"), "resourceId": volume, "resourceType": "EBSVolume"}
        return {"idleRecommendations": [(volume, {**common("lookBackPeriodInDays"), **told, "savingsOpportunity": saving(8.0)})]}
    service, database = arn("ecs", "service/shop/cart"), arn("rds", "db:reports")
    group, resize = arn("autoscaling", "autoScalingGroup:0c057500-0000-4000-8000-0000000000a1:autoScalingGroupName/web"), "function:resize"
    gateway = "nat-0c0575000000000a1"
    return {
        "instanceRecommendations": [
            machine(
                "i-0c0575000000000a1", "m5.xlarge", "Overprovisioned", "CostOptimizationHub",
                {
                    "instanceType": "m5.large", "migrationEffort": "VeryLow", "savingsOpportunity": saving(78.11),
                    "savingsOpportunityAfterDiscounts": saving(56.21),
                },
            ),
            machine(
                "i-0c0575000000000a2", "c5.xlarge", "NotOptimized", "PublicPricing",
                {"instanceType": "c7g.xlarge", "platformDifferences": ["Architecture", "NetworkInterface"], "savingsOpportunity": saving(20.5)},
            ),
            machine(
                "i-0c0575000000000a3", "t3.medium", "Optimized", "PublicPricing",
                {"instanceType": "t3.medium", "migrationEffort": "VeryLow", "savingsOpportunity": saving(0.0)},
            ),
        ],
        "autoScalingGroupRecommendations": [(group, {
            **common("lookBackPeriodInDays"), "autoScalingGroupArn": group, "currentConfiguration": {"instanceType": "m5.large"},
            "finding": "NotOptimized",
            "recommendationOptions": [{"configuration": {"instanceType": "m6i.large"}, "savingsOpportunity": saving(3.65)}],
        })],
        "volumeRecommendations": [("vol-0c0575000000000a2", {
            **common("lookBackPeriodInDays"), "currentConfiguration": {"volumeSize": 500, "volumeType": "gp2"}, "finding": "NotOptimized",
            "volumeArn": arn("ec2", "volume/vol-0c0575000000000a2"),
            "volumeRecommendationOptions": [
                {"configuration": {"volumeSize": 500, "volumeType": "gp3"}, "savingsOpportunity": saving(11.0)},
            ],
        })],
        "lambdaFunctionRecommendations": [(f"{arn('lambda', resize)}:$LATEST", {
            **common(), "currentMemorySize": 1024, "finding": "NotOptimized", "functionArn": f"{arn('lambda', resize)}:$LATEST",
            "memorySizeRecommendationOptions": [{"memorySize": 512, "savingsOpportunity": saving(8.25)}],
        })],
        "ecsServiceRecommendations": [(service, {
            **common(), "currentServiceConfiguration": {"cpu": 2048, "memory": 4096}, "finding": "Overprovisioned", "serviceArn": service,
            "serviceRecommendationOptions": [{"cpu": 1024, "memory": 2048, "savingsOpportunity": saving(36.04)}],
        })],
        "rdsDBRecommendations": [(database, {
            **common(), "currentDBInstanceClass": "db.r6g.xlarge", "instanceFinding": "Overprovisioned", "resourceArn": database,
            "currentStorageConfiguration": {"allocatedStorage": 200, "storageType": "gp2"}, "storageFinding": "NotOptimized",
            "instanceRecommendationOptions": [{"dbInstanceClass": "db.r6g.large", "savingsOpportunity": saving(164.25)}],
            "storageRecommendationOptions": [
                {"savingsOpportunity": saving(2.3), "storageConfiguration": {"allocatedStorage": 200, "storageType": "gp3"}},
            ],
        })],
        "idleRecommendations": [(gateway, {
            **common("lookBackPeriodInDays"), "finding": "Unused", "resourceArn": arn("ec2", f"natgateway/{gateway}"),
            "resourceId": gateway, "resourceType": "NatGateway", "savingsOpportunity": saving(35.04),
            "savingsOpportunityAfterDiscounts": saving(31.54),
        })],
    }


OPTIMIZER_LISTS = {
    "GetEC2InstanceRecommendations": "instanceRecommendations",
    "GetAutoScalingGroupRecommendations": "autoScalingGroupRecommendations",
    "GetEBSVolumeRecommendations": "volumeRecommendations",
    "GetLambdaFunctionRecommendations": "lambdaFunctionRecommendations",
    "GetECSServiceRecommendations": "ecsServiceRecommendations",
    "GetRDSDatabaseRecommendations": "rdsDBRecommendations",
    "GetIdleRecommendations": "idleRecommendations",
}
# Beside what is kept; of machines a second option too.
OPTIMIZER_BESIDE = {
    "instanceRecommendations": {
        "instanceName": "web", "findingReasonCodes": ["CPUOverprovisioned"], "tags": [{"key": "team", "value": "search"}],
        "recommendationOptions": [
            {"performanceRisk": 1.0, "rank": 1, "savingsOpportunity": {"savingsOpportunityPercentage": 50.0}},
            {"instanceType": "t3.large", "rank": 2, "savingsOpportunity": saving(85.05)},
        ],
    },
    "idleRecommendations": {"findingDescription": "No connections for 14 days", "savingsOpportunity": {"savingsOpportunityPercentage": 100.0}},
}


def optimizer(operation, account, region, asked):
    name = OPTIMIZER_LISTS.get(operation)
    if not name:
        return refusal("UnknownOperationException", f"{operation} is not here")
    if region == CLOSED:
        return refusal("OptInRequiredException", "The AWS account is not registered for recommendations.")
    here = (account == PAYER and region == HOME) or (account != PAYER and region == AWAY and account in members(PAYER))
    lists = optimizer_lists(account, region) if here else {}
    shown, token = paged(lists.get(name, []), asked.get("nextToken"), 2)
    told = [merged(kept, OPTIMIZER_BESIDE.get(name, {})) for _, kept in shown]
    # Lists of functions come without errors.
    beside = {} if name == "lambdaFunctionRecommendations" else {"errors": []}
    return 200, {name: told, **beside, **named(token, "nextToken")}


def answer(service, operation, account, region, asked):
    """Status and body of an answer, as JSON on the wire."""
    if service == OPTIMIZER:
        return optimizer(operation, account, region, asked)
    if region != GLOBAL:
        return refusal("ValidationException", f"{service} answers in {GLOBAL} alone")
    return explorer(operation, account, asked) if service == EXPLORER else hub(operation, account, asked)


def record(answer):
    """As the collector writes it."""
    return json.dumps(answer, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def plant(place, now, network=None):
    """Rows of what the payer and the accounts it pays for are told as of a time; nothing is measured."""
    listed = place.client("organizations").list_accounts()["Accounts"]
    other = next((one["Id"] for one in listed if one["Id"] != place.account), None)
    end = now.date()
    nowhere = {"RegionId": None}
    for n in range(DAYS, 0, -1):
        day = end - timedelta(days=n)
        start = f"{day.isoformat()}T00:00:00Z"
        for dimension in ("SERVICE", "REGION"):
            for (account, value), (billed, amortized, net) in costs(day, other, dimension).items():
                place.plant(
                    "cost_explorer_costs", None, SubAccountId=account, **nowhere, ChargePeriodStart=start, Dimension=dimension,
                    DimensionKey=None, DimensionValue=value, BilledCost=float(billed), AmortizedCost=float(amortized),
                    EffectiveCost=float(amortized if net is None else net), BillingCurrency="USD", Estimated=n <= 2,
                )
        # Savings plans are asked for a day less.
        kinds = [("Reservations", service, reservations_of(day, service)) for service in (COMPUTE, DATABASES)]
        kinds += [("SavingsPlans", None, plans_of(day))] if n > 1 else []
        for kind, service, told in kinds:
            known = {name: None if value is None else float(value) for name, value in told.items()}
            place.plant("cost_explorer_commitments", None, **nowhere, ChargePeriodStart=start, CommitmentKind=kind, ServiceName=service, **known)
    for kind, details in PLANS.items():
        for detail in details:
            place.plant(
                "purchase_recommendations", None, RegionId=detail.get("SavingsPlansDetails", {}).get("Region"),
                Origin="Cost Explorer (Savings Plans)", Record=record(offer_of_plan(kind, detail)),
            )
    for service, details in RESERVATIONS.items():
        for detail in details:
            (made,) = detail["InstanceDetails"].values()
            place.plant(
                "purchase_recommendations", None, RegionId=made["Region"], Origin="Cost Explorer (reservations)",
                Record=record(offer_of_reservation(service, detail)),
            )
    for identity, account, region, kept in hub_items(other):
        place.plant(
            "hub_recommendations", identity, SubAccountId=account, RegionId=region, Origin="Cost Optimization Hub",
            Record=record({"items": [kept]}),
        )
    for account, region in [(place.account, HOME)] + ([(other, AWAY)] if other else []):
        for name, told in optimizer_lists(account, region).items():
            for identity, kept in told:
                place.plant(
                    "compute_optimizer_recommendations", identity, SubAccountId=account, RegionId=region, Origin="Compute Optimizer",
                    Record=record({name: [kept]}),
                )
    return []
