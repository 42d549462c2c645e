package main

import (
	"encoding/json"
	"log"
	"os"
	"reflect"
	"strings"

	"github.com/vmware/govmomi/vim25/types"
)

type member struct {
	Name string `json:"name"`
	Type string `json:"type"`
}

// describeTypes prints, for each name, the members that the API declares, its base's first: the order of the WSDL.
func describeTypes(names []string) {
	lookUp := types.TypeFunc()
	out := map[string][]member{}
	for _, name := range names {
		found, ok := lookUp(name)
		if !ok {
			found, ok = lookUp("vslm:" + name)
		}
		if !ok {
			log.Fatalf("the API has no type %s", name)
		}
		out[name] = membersOf(found)
	}
	if err := json.NewEncoder(os.Stdout).Encode(out); err != nil {
		log.Fatal(err)
	}
}

func membersOf(of reflect.Type) []member {
	members := []member{}
	for i := range of.NumField() {
		field := of.Field(i)
		if field.Anonymous {
			members = append(members, membersOf(field.Type)...)
			continue
		}
		name, _, _ := strings.Cut(field.Tag.Get("xml"), ",")
		members = append(members, member{Name: name, Type: typeName(field.Type)})
	}
	return members
}

func typeName(of reflect.Type) string {
	switch of.Kind() {
	case reflect.Pointer:
		return typeName(of.Elem())
	case reflect.Slice:
		if of.Elem().Kind() == reflect.Uint8 {
			return "base64Binary"
		}
		return typeName(of.Elem()) + "[]"
	default:
		return of.Name()
	}
}
