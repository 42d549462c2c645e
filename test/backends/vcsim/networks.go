package main

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

// What vCenter does with networks and with machines' network cards and the simulator does not: a port group's
// configuration has a version; who changes it names that (else ConcurrentAccess), what the change does not say stays, and
// a new name is the inventory's, too, and not one that is there (DuplicateName); a port group that a machine or template
// is plugged into is not destroyed (ResourceInUse), and one that is destroyed, or whose switch a host leaves, goes from
// hosts and clusters; a machine is not reconfigured against another changeVersion (ConcurrentAccess); the MAC address of a
// card of a machine that is on stays (InvalidPowerState), and a copy has MAC addresses of its own unless they were set by
// hand; port groups for uplinks are tagged; the tools in a guest tell addresses of each connected card: one by DHCP, one
// of its own link.

// teachNetworks prepares the model for these manners.
func teachNetworks(model *simulator.Model) manner {
	model.Map().AddHandler(&guests{types.ManagedObjectReference{Type: "Manners", Value: "guests"}})
	for _, entity := range model.Map().All("VirtualMachine") {
		tell(&entity.(*simulator.VirtualMachine).VirtualMachine)
	}
	for _, entity := range model.Map().All("DistributedVirtualPortgroup") {
		entity.(*simulator.DistributedVirtualPortgroup).Config.ConfigVersion = "1"
		tag(entity)
	}
	return func(ctx *simulator.Context, method *simulator.Method) (_ mo.Reference, fault types.BaseMethodFault) {
		object := ctx.Map.Get(method.This)
		if ctx.Session == nil || object == nil {
			return nil, nil
		}
		ctx.Map.WithLock(ctx, object, func() { fault = before(ctx, object, method.Body) })
		return nil, fault
	}
}

// before refuses a call, or makes of it what the simulator needs to be told.
func before(ctx *simulator.Context, object mo.Reference, body any) types.BaseMethodFault {
	switch asked := body.(type) {
	case *types.AddDVPortgroup_Task:
		for i := range asked.Spec {
			asked.Spec[i].ConfigVersion = "1"
		}
	case *types.ReconfigureDVPortgroup_Task:
		if pg, ok := object.(*simulator.DistributedVirtualPortgroup); ok {
			return beforeReconfigure(ctx, pg, &asked.Spec)
		}
	case *types.Destroy_Task:
		if pg, ok := object.(*simulator.DistributedVirtualPortgroup); ok {
			return beforeDestroy(ctx, pg)
		}
	case *types.ReconfigureDvs_Task:
		if dvs, ok := object.(*simulator.DistributedVirtualSwitch); ok {
			for _, member := range asked.Spec.GetDVSConfigSpec().Host {
				if member.Operation == string(types.ConfigSpecOperationRemove) {
					leave(ctx, dvs, member.Host)
				}
			}
		}
	case *types.ReconfigVM_Task:
		if vm, ok := object.(*simulator.VirtualMachine); ok {
			return beforeReconfig(vm, &asked.Spec)
		}
	}
	return nil
}

// beforeReconfigure renames it, and says for the simulator what the change does not say.
func beforeReconfigure(ctx *simulator.Context, pg *simulator.DistributedVirtualPortgroup, spec *types.DVPortgroupConfigSpec) types.BaseMethodFault {
	was := &pg.Config
	if spec.ConfigVersion != was.ConfigVersion {
		return new(types.ConcurrentAccess)
	}
	spec.Name = cmp.Or(spec.Name, pg.Name)
	if folder, ok := ctx.Map.Get(*pg.Parent).(*simulator.Folder); ok && spec.Name != pg.Name {
		if twin := ctx.Map.FindByName(spec.Name, folder.ChildEntity); twin != nil {
			return &types.DuplicateName{Name: spec.Name, Object: twin.Reference()}
		}
	}
	spec.Description = cmp.Or(spec.Description, was.Description)
	spec.NumPorts = cmp.Or(spec.NumPorts, was.NumPorts)
	spec.Type = cmp.Or(spec.Type, was.Type)
	spec.BackingType = cmp.Or(spec.BackingType, was.BackingType)
	spec.AutoExpand = cmp.Or(spec.AutoExpand, was.AutoExpand)
	if spec.DefaultPortConfig == nil {
		spec.DefaultPortConfig = was.DefaultPortConfig
	}
	if spec.Policy == nil {
		spec.Policy = was.Policy
	}
	version, _ := strconv.Atoi(was.ConfigVersion)
	was.ConfigVersion = strconv.Itoa(version + 1)
	pg.Name, pg.Entity().Name = spec.Name, spec.Name
	return nil
}

func beforeDestroy(ctx *simulator.Context, pg *simulator.DistributedVirtualPortgroup) types.BaseMethodFault {
	for _, entity := range ctx.Map.All("VirtualMachine") {
		if slices.Contains(entity.(*simulator.VirtualMachine).Network, pg.Self) {
			return &types.ResourceInUse{Type: pg.Self.Type, Name: pg.Name}
		}
	}
	for _, entity := range ctx.Map.All("HostSystem") {
		host := entity.(*simulator.HostSystem)
		ctx.Map.RemoveReference(ctx, host, &host.Network, pg.Self)
	}
	for _, entity := range ctx.Map.All("ClusterComputeResource") {
		cluster := entity.(*simulator.ClusterComputeResource)
		ctx.Map.RemoveReference(ctx, cluster, &cluster.Network, pg.Self)
	}
	return nil
}

// leave takes a switch's port groups from a host, and from its cluster where no other host has them.
func leave(ctx *simulator.Context, dvs *simulator.DistributedVirtualSwitch, ref types.ManagedObjectReference) {
	host, ok := ctx.Map.Get(ref).(*simulator.HostSystem)
	if !ok {
		return
	}
	for _, pg := range dvs.Portgroup {
		ctx.Map.RemoveReference(ctx, host, &host.Network, pg)
	}
	cluster, ok := ctx.Map.Get(*host.Parent).(*simulator.ClusterComputeResource)
	if !ok {
		return
	}
	for _, pg := range dvs.Portgroup {
		has := func(other types.ManagedObjectReference) bool {
			return slices.Contains(ctx.Map.Get(other).(*simulator.HostSystem).Network, pg)
		}
		if !slices.ContainsFunc(cluster.Host, has) {
			ctx.Map.RemoveReference(ctx, cluster, &cluster.Network, pg)
		}
	}
}

func beforeReconfig(vm *simulator.VirtualMachine, spec *types.VirtualMachineConfigSpec) types.BaseMethodFault {
	if spec.ChangeVersion != "" && spec.ChangeVersion != vm.Config.ChangeVersion {
		return new(types.ConcurrentAccess)
	}
	if vm.Runtime.PowerState != types.VirtualMachinePowerStatePoweredOn {
		return nil
	}
	for _, change := range spec.DeviceChange {
		card, ok := change.GetVirtualDeviceConfigSpec().Device.(types.BaseVirtualEthernetCard)
		if !ok || change.GetVirtualDeviceConfigSpec().Operation != types.VirtualDeviceConfigSpecOperationEdit {
			continue
		}
		wanted := card.GetVirtualEthernetCard()
		if own := cardOf(&vm.VirtualMachine, wanted.Key); own != nil && own.MacAddress != wanted.MacAddress {
			return &types.InvalidPowerState{
				ExistingState: vm.Runtime.PowerState, RequestedState: types.VirtualMachinePowerStatePoweredOff,
			}
		}
	}
	return nil
}

// ownMacs leaves it to the simulator to make up MAC addresses, as for new cards.
func ownMacs(config *types.VirtualMachineConfigSpec) {
	for _, change := range config.DeviceChange {
		if card, ok := change.GetVirtualDeviceConfigSpec().Device.(types.BaseVirtualEthernetCard); ok {
			own := card.GetVirtualEthernetCard()
			if !strings.EqualFold(own.AddressType, string(types.VirtualEthernetCardMacTypeManual)) {
				own.MacAddress = ""
			}
		}
	}
}

func cardOf(vm *mo.VirtualMachine, key int32) *types.VirtualEthernetCard {
	if vm.Config == nil {
		return nil
	}
	for _, device := range vm.Config.Hardware.Device {
		if card, ok := device.(types.BaseVirtualEthernetCard); ok && card.GetVirtualEthernetCard().Key == key {
			return card.GetVirtualEthernetCard()
		}
	}
	return nil
}

// guests tell the addresses of their cards.
type guests struct{ self types.ManagedObjectReference }

func (g *guests) Reference() types.ManagedObjectReference                       { return g.self }
func (g *guests) PutObject(_ *simulator.Context, obj mo.Reference)              { tag(obj) }
func (g *guests) RemoveObject(*simulator.Context, types.ManagedObjectReference) {}
func (g *guests) UpdateObject(_ *simulator.Context, obj mo.Reference, changes []types.PropertyChange) {
	vm, ok := obj.(*mo.VirtualMachine)
	for _, change := range changes {
		if ok && (change.Name == "runtime.powerState" || change.Name == "config.hardware.device") {
			tell(vm)
			return
		}
	}
}

// tag marks what a switch makes for its uplinks, as vCenter does.
func tag(obj mo.Reference) {
	if pg, ok := obj.(*simulator.DistributedVirtualPortgroup); ok && uplinks.MatchString(pg.Name) {
		pg.Tag = []types.Tag{{Key: "SYSTEM/DVS.UPLINKPG"}}
	}
}

var uplinks = regexp.MustCompile(`-DVUplinks-\d+$`)

func tell(vm *mo.VirtualMachine) {
	if vm.Guest == nil {
		return
	}
	on := vm.Runtime.PowerState == types.VirtualMachinePowerStatePoweredOn
	for i := range vm.Guest.Net {
		nic := &vm.Guest.Net[i]
		nic.IpAddress, nic.IpConfig = nil, nil
		card := cardOf(vm, nic.DeviceConfigId)
		if !on || card == nil || card.Connectable == nil || !card.Connectable.Connected {
			continue
		}
		var m [6]byte
		_, _ = fmt.Sscanf(card.MacAddress, "%02x:%02x:%02x:%02x:%02x:%02x", &m[0], &m[1], &m[2], &m[3], &m[4], &m[5])
		four := fmt.Sprintf("10.%d.%d.%d", m[3], m[4], m[5])
		link := fmt.Sprintf("fe80::%x:%xff:fe%02x:%x", int(m[0]^2)<<8|int(m[1]), m[2], m[3], int(m[4])<<8|int(m[5]))
		nic.IpAddress = []string{four, link}
		nic.IpConfig = &types.NetIpConfigInfo{IpAddress: []types.NetIpConfigInfoIpAddress{
			{IpAddress: four, PrefixLength: 8, Origin: "dhcp", State: "preferred"},
			{IpAddress: link, PrefixLength: 64, Origin: "linklayer", State: "preferred"},
		}}
	}
}

// withCard gives a machine that is to be made a card in the first port group, by key.
func (c *control) withCard(config *types.VirtualMachineConfigSpec) error {
	groups := c.model.Map().All("DistributedVirtualPortgroup")
	slices.SortFunc(groups, func(one, two mo.Entity) int {
		a, b := one.Reference().Value, two.Reference().Value
		return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b))
	})
	for _, entity := range groups {
		pg := entity.(*simulator.DistributedVirtualPortgroup)
		dvs, ok := c.model.Map().Get(*pg.Config.DistributedVirtualSwitch).(*simulator.DistributedVirtualSwitch)
		if !ok || uplinks.MatchString(pg.Name) {
			continue
		}
		card := new(types.VirtualVmxnet3)
		card.Key = -1
		card.Backing = &types.VirtualEthernetCardDistributedVirtualPortBackingInfo{
			Port: types.DistributedVirtualSwitchPortConnection{PortgroupKey: pg.Key, SwitchUuid: dvs.Uuid},
		}
		config.DeviceChange = append(config.DeviceChange, &types.VirtualDeviceConfigSpec{
			Operation: types.VirtualDeviceConfigSpecOperationAdd, Device: card,
		})
		return nil
	}
	return fmt.Errorf("there is no port group")
}
