// Starts govmomi's vCenter simulator for the tests: inventory of a given size, delays, faults on demand (control.go),
// and vCenter's own manners where the simulator is laxer than it (manners.go).
package main

import (
	"crypto/tls"
	"flag"
	"fmt"
	"log"
	"net/url"
	"os"
	"os/signal"
	"sort"
	"strconv"
	"strings"
	"syscall"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"
)

// delays reads NAME=ms, any number of times.
type delays map[string]int

func (d delays) String() string { return fmt.Sprint(map[string]int(d)) }
func (d delays) Set(text string) error {
	name, ms, ok := strings.Cut(text, "=")
	value, err := strconv.Atoi(ms)
	if !ok || err != nil {
		return fmt.Errorf("want NAME=milliseconds, got %q", text)
	}
	d[name] = value
	return nil
}

func main() {
	model := simulator.VPX()
	// The simulator has what newer ones have, and says that it is an old one.
	model.ServiceContent.About.Version, model.ServiceContent.About.ApiVersion = "8.0.2", "8.0.2.0"
	calls, tasks := delays{}, delays{}
	listen := flag.String("l", "127.0.0.1:0", "address to listen on")
	secure := flag.Bool("tls", false, "speak TLS, with a certificate of the simulator's own")
	user := flag.String("username", "", "the user who may log in; none: anybody")
	password := flag.String("password", "", "password of that user")
	describe := flag.String("describe", "", "print the members of these API types (by comma), in the API's order, and end")
	flag.IntVar(&model.Datacenter, "dc", model.Datacenter, "datacenters")
	flag.IntVar(&model.Cluster, "cluster", model.Cluster, "clusters in each")
	flag.IntVar(&model.ClusterHost, "cluster-host", model.ClusterHost, "hosts in each cluster")
	flag.IntVar(&model.Host, "host", model.Host, "hosts of their own in each datacenter")
	flag.IntVar(&model.Pool, "pool", model.Pool, "resource pools in each cluster")
	flag.IntVar(&model.App, "app", model.App, "vApps in each cluster")
	flag.IntVar(&model.Machine, "vm", model.Machine, "machines in each pool")
	flag.IntVar(&model.Datastore, "ds", model.Datastore, "datastores in each datacenter")
	flag.IntVar(&model.Portgroup, "pg", model.Portgroup, "distributed port groups in each datacenter")
	flag.IntVar(&model.OpaqueNetwork, "opaque", 0, "opaque networks (of NSX) in each datacenter")
	flag.IntVar(&model.Pod, "pods", 0, "datastore clusters in each datacenter; they take the datastores")
	templates := flag.Int("templates", 0, "machines of the model that are templates instead")
	flag.Var(calls, "delay", "NAME=ms: a call of this method takes so long")
	flag.Var(tasks, "task-delay", "NAME=ms: a task of this name takes so long")
	flag.Parse()
	if *describe != "" {
		describeTypes(strings.Split(*describe, ","))
		return
	}
	if err := start(model, options{*listen, *secure, *user, *password, *templates}, calls, tasks); err != nil {
		log.Fatal(err)
	}
}

type options struct {
	listen         string
	secure         bool
	user, password string
	templates      int
}

func start(model *simulator.Model, o options, calls, tasks delays) error {
	// A copy of its own: the simulator reads it without a lock, so the control replaces it whole.
	model.DelayConfig.MethodDelay = calls
	if len(tasks) > 0 {
		tasks["LockHandoff"] = 0
		simulator.TaskDelay.MethodDelay = tasks
	}
	if err := model.Create(); err != nil {
		return err
	}
	defer model.Remove()
	makeTemplates(model, o.templates)
	model.Service.Listen = &url.URL{Host: o.listen}
	if o.user != "" {
		model.Service.Listen.User = url.UserPassword(o.user, o.password)
	}
	if o.secure {
		model.Service.TLS = new(tls.Config)
	}
	manners := teach(model)
	manners.user = o.user
	server := model.Service.NewServer()
	manners.next, server.Config.Handler = server.Config.Handler, manners
	nfc.url = server.URL.Scheme + "://" + server.URL.Host
	defer server.Close()
	fmt.Printf("ready %s://%s\n", server.URL.Scheme, server.URL.Host)
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGINT, syscall.SIGTERM)
	<-stop
	return nil
}

// makeTemplates turns machines of each datacenter's first ones, by name, into templates called template-0 and so on.
func makeTemplates(model *simulator.Model, count int) {
	machines := model.Map().All("VirtualMachine")
	sort.Slice(machines, func(i, j int) bool { return machines[i].Entity().Name < machines[j].Entity().Name })
	for i := range min(count, len(machines)) {
		vm := machines[i].(*simulator.VirtualMachine)
		vm.Runtime.PowerState = types.VirtualMachinePowerStatePoweredOff
		vm.MarkAsTemplate(&types.MarkAsTemplate{This: vm.Self})
		name := fmt.Sprintf("template-%d", i)
		vm.Name, vm.Config.Name = name, name
	}
}
