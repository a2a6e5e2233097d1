package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/argoproj/argo-events/pkg/apis/events/v1alpha1"
	"github.com/argoproj/argo-events/pkg/eventsources/events"
	"github.com/argoproj/argo-events/pkg/sensors/dependencies"
	"github.com/argoproj/argo-events/pkg/sensors/triggers"
)

// Request is an HTTP request at an EventSource.
type Request struct {
	ID          string            `json:"id"`
	EventSource string            `json:"eventSource"`
	EventName   string            `json:"eventName"`
	Headers     map[string]string `json:"headers"`
	Body        json.RawMessage   `json:"body"`
}

// Outcome is what one sensor does with one request.
type Outcome struct {
	Passed bool `json:"passed"`
	// FilterError makes Argo Events write the whole event into its log.
	FilterError string `json:"filterError,omitempty"`
	// Payload is the body of the sensor's request to Healer, byte for byte; empty when the event did not pass.
	Payload string `json:"payload,omitempty"`
	// Letter is the dead letter, as the object that would be created.
	Letter map[string]any `json:"letter,omitempty"`
}

// eventData is what the EventSources put on the bus. GitHub's adds two members to the body (parseValidateRequest in
// pkg/eventsources/sources/github) and encodes it anew; the webhook's keeps the bytes.
func eventData(request Request) ([]byte, error) {
	headers := http.Header{}
	for name, value := range request.Headers {
		headers.Set(name, value)
	}
	if !strings.HasSuffix(request.EventSource, "-github") {
		return json.Marshal(&events.WebhookEventData{Header: headers, Body: &request.Body})
	}
	payload := map[string]any{}
	if err := json.Unmarshal(request.Body, &payload); err != nil {
		return nil, err
	}
	for _, name := range []string{"X-GitHub-Event", "X-GitHub-Delivery"} {
		payload[name] = headers.Get(name)
	}
	body, err := json.Marshal(payload)
	if err != nil {
		return nil, err
	}
	raw := json.RawMessage(body)
	return json.Marshal(&events.GithubEventData{Headers: headers, Body: &raw})
}

func carry(requests []Request, sensors []*v1alpha1.Sensor) (map[string]map[string]Outcome, error) {
	outcomes := map[string]map[string]Outcome{}
	for _, request := range requests {
		data, err := eventData(request)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", request.ID, err)
		}
		event := &v1alpha1.Event{Data: data, Context: &v1alpha1.EventContext{
			ID:              "0123456789abcdef0123456789abcdef",
			DataContentType: v1alpha1.MediaTypeJSON,
			Source:          request.EventSource,
			Subject:         request.EventName,
		}}
		outcomes[request.ID] = map[string]Outcome{}
		for _, sensor := range sensors {
			dependency := sensor.Spec.Dependencies[0]
			if dependency.EventSourceName != request.EventSource || dependency.EventName != request.EventName {
				continue
			}
			outcome, err := deliver(event, dependency, sensor.Spec.Triggers[0])
			if err != nil {
				return nil, fmt.Errorf("%s, %s: %w", request.ID, sensor.Name, err)
			}
			outcomes[request.ID][sensor.Name] = *outcome
		}
	}
	return outcomes, nil
}

func deliver(event *v1alpha1.Event, dependency v1alpha1.EventDependency, trigger v1alpha1.Trigger) (*Outcome, error) {
	passed, err := dependencies.Filter(event, dependency.Filters, dependency.FiltersLogicalOperator)
	outcome := &Outcome{Passed: passed}
	if err != nil {
		outcome.FilterError = err.Error()
	}
	if !passed {
		return outcome, nil
	}
	named := map[string]*v1alpha1.Event{dependency.Name: event}
	payload, err := triggers.ConstructPayload(named, trigger.Template.HTTP.Payload)
	if err != nil {
		return nil, err
	}
	outcome.Payload = string(payload)
	letter := trigger.DlqTrigger.Template.K8s
	object, err := triggers.FetchKubernetesResource(letter.Source)
	if err != nil {
		return nil, err
	}
	if err := triggers.ApplyResourceParameters(named, letter.Parameters, object); err != nil {
		return nil, err
	}
	outcome.Letter = object.Object
	return outcome, nil
}
