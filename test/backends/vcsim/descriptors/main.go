// Tells what govmomi's parser reads in descriptors, as a second opinion on ours: a JSON object of path and finding.
package main

import (
	"encoding/json"
	"log"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/vmware/govmomi/ovf"
)

type finding struct {
	Error    string   `json:"error,omitempty"`
	Disks    []disk   `json:"disks"`
	Networks []string `json:"networks"`
	Systems  []system `json:"systems"`
}

type disk struct {
	ID string `json:"id"`
	// Bytes; 0 where the parser has no number for it.
	Capacity int64  `json:"capacity"`
	Text     string `json:"text"`
}

type system struct {
	ID       string   `json:"id"`
	CPUs     uint     `json:"cpus"`
	Memory   int64    `json:"memory"`
	Units    string   `json:"units"`
	Disks    []string `json:"disks"`
	Networks []string `json:"networks"`
}

func main() {
	found := map[string]finding{}
	root := os.Args[1]
	err := filepath.Walk(root, func(path string, info os.FileInfo, err error) error {
		if err == nil && !info.IsDir() && filepath.Ext(path) == ".ovf" {
			name, _ := filepath.Rel(root, path)
			found[name] = read(path)
		}
		return err
	})
	if err != nil {
		log.Fatal(err)
	}
	if err := json.NewEncoder(os.Stdout).Encode(found); err != nil {
		log.Fatal(err)
	}
}

func read(path string) finding {
	file, err := os.Open(path)
	if err != nil {
		return finding{Error: err.Error()}
	}
	defer file.Close()
	envelope, err := ovf.Unmarshal(file)
	if err != nil {
		return finding{Error: err.Error()}
	}
	out := finding{Disks: []disk{}, Networks: []string{}, Systems: []system{}}
	if envelope.Disk != nil {
		for _, each := range envelope.Disk.Disks {
			number, _ := strconv.ParseInt(each.Capacity, 10, 64)
			out.Disks = append(out.Disks, disk{each.DiskID, number * unit(each.CapacityAllocationUnits), each.Capacity})
		}
	}
	if envelope.Network != nil {
		for _, each := range envelope.Network.Networks {
			out.Networks = append(out.Networks, each.Name)
		}
	}
	configuration := defaultOf(envelope)
	if envelope.VirtualSystem != nil {
		out.Systems = append(out.Systems, systemOf(envelope.VirtualSystem, configuration))
	}
	if envelope.VirtualSystemCollection != nil {
		for i := range envelope.VirtualSystemCollection.VirtualSystem {
			out.Systems = append(out.Systems, systemOf(&envelope.VirtualSystemCollection.VirtualSystem[i], configuration))
		}
	}
	return out
}

func unit(text *string) int64 {
	if text == nil {
		return ovf.ParseCapacityAllocationUnits("byte")
	}
	return ovf.ParseCapacityAllocationUnits(*text)
}

// The rule of ToConfigSpec: the one marked, else the first.
func defaultOf(envelope *ovf.Envelope) string {
	if envelope.DeploymentOption == nil || len(envelope.DeploymentOption.Configuration) == 0 {
		return ""
	}
	for _, each := range envelope.DeploymentOption.Configuration {
		if each.Default != nil && *each.Default {
			return each.ID
		}
	}
	return envelope.DeploymentOption.Configuration[0].ID
}

// Items as ToConfigSpec takes them: those of the configuration and those of none, the later instead of the earlier.
func systemOf(from *ovf.VirtualSystem, configuration string) system {
	out := system{ID: from.ID, Disks: []string{}, Networks: []string{}}
	if len(from.VirtualHardware) == 0 {
		return out
	}
	for _, item := range from.VirtualHardware[0].Item {
		if c := item.Configuration; c != nil && !slices.Contains(strings.Fields(*c), configuration) {
			continue
		}
		if b := item.Bound; b != nil && *b != "normal" {
			continue
		}
		if item.ResourceType == nil {
			continue
		}
		switch *item.ResourceType {
		case ovf.Processor:
			if item.VirtualQuantity != nil {
				out.CPUs = *item.VirtualQuantity
			}
		case ovf.Memory:
			if item.VirtualQuantity != nil {
				out.Memory = int64(*item.VirtualQuantity) * unit(item.AllocationUnits)
				out.Units = ""
				if item.AllocationUnits != nil {
					out.Units = *item.AllocationUnits
				}
			}
		case ovf.DiskDrive:
			if len(item.HostResource) > 0 {
				parts := strings.Split(item.HostResource[0], "/")
				out.Disks = append(out.Disks, parts[len(parts)-1])
			}
		case ovf.EthernetAdapter:
			name := ""
			if len(item.Connection) > 0 {
				name = item.Connection[0]
			}
			out.Networks = append(out.Networks, name)
		}
	}
	return out
}
