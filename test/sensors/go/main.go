// Command sensors-check holds the manifests of sensors/ against Argo Events itself: its CRDs, its Go types (decoded
// strictly), its own validation, its own filters and its own payloads. `npm run test:sensors` runs it.
//
//	sensors-check -sensors DIR -crds DIR -requests FILE -out FILE
//
// It writes what Argo Events does with every request, for the caller to compare, and ends with 1 when a manifest is wrong.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
)

// Report is what the caller compares with its own model of Argo Events.
type Report struct {
	// Faults of manifests, each with the file or object it is about.
	Faults []string `json:"faults"`
	// Objects that were decoded and validated, by kind.
	Objects map[string]int `json:"objects"`
	// RetrySeconds is the longest time, without jitter, that a sensor's trigger waits between its tries.
	RetrySeconds map[string]float64 `json:"retrySeconds"`
	// Allowed holds, by sensor, the answers of 100 to 599 that end a delivery as done.
	Allowed map[string][]int `json:"allowed"`
	// Outcomes by request id and sensor name.
	Outcomes map[string]map[string]Outcome `json:"outcomes"`
}

func main() {
	sensors := flag.String("sensors", "", "the folder sensors/")
	crds := flag.String("crds", "", "manifests/base/crds of the argo-events module")
	requests := flag.String("requests", "", "HTTP requests that reach the EventSources, as JSON")
	out := flag.String("out", "", "where the report is written")
	flag.Parse()
	report, err := check(*sensors, *crds, *requests)
	if err == nil {
		err = write(*out, report)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	for _, fault := range report.Faults {
		fmt.Fprintln(os.Stderr, fault)
	}
	if len(report.Faults) > 0 {
		os.Exit(1)
	}
}

func check(sensorsDir, crdDir, requestFile string) (*Report, error) {
	definitions, err := readDefinitions(crdDir)
	if err != nil {
		return nil, err
	}
	manifests, err := readManifests(sensorsDir, definitions)
	if err != nil {
		return nil, err
	}
	report := &Report{Faults: append(manifests.faults, validate(manifests)...), Objects: manifests.counts}
	report.RetrySeconds = retrySeconds(manifests.sensors)
	report.Allowed = allowedAnswers(manifests.sensors)
	raw, err := os.ReadFile(requestFile)
	if err != nil {
		return nil, err
	}
	var requests []Request
	if err := json.Unmarshal(raw, &requests); err != nil {
		return nil, fmt.Errorf("%s: %w", requestFile, err)
	}
	report.Outcomes, err = carry(requests, manifests.sensors)
	return report, err
}

func write(path string, report *Report) error {
	text, err := json.Marshal(report)
	if err != nil {
		return err
	}
	return os.WriteFile(path, text, 0o600)
}
