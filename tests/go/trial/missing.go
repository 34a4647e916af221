// SPDX-License-Identifier: Apache-2.0

package main

import "reflect"

// missing names a member that the request has not, or "".
func missing(r *request) string {
	if name := missingIn(reflect.ValueOf(*r)); name != "" {
		return name
	}
	return missingIn(reflect.ValueOf(*r.Cell))
}

func missingIn(object reflect.Value) string {
	for i := 0; i < object.NumField(); i++ {
		if object.Field(i).IsNil() {
			return object.Type().Field(i).Tag.Get("json")
		}
	}
	return ""
}
