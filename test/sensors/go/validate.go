package main

import (
	"fmt"

	"github.com/argoproj/argo-events/pkg/apis/events/v1alpha1"
	githubsource "github.com/argoproj/argo-events/pkg/eventsources/sources/github"
	webhooksource "github.com/argoproj/argo-events/pkg/eventsources/sources/webhook"
	"github.com/argoproj/argo-events/pkg/reconciler/eventbus"
	"github.com/argoproj/argo-events/pkg/reconciler/sensor"
	"github.com/argoproj/argo-events/pkg/sensors/policy"
	sharedutil "github.com/argoproj/argo-events/pkg/shared/util"
)

// validate runs Argo Events' own validation, and looks whether what objects name is there.
func validate(m *Manifests) []string {
	var faults []string
	fault := func(kind, name string, err error) {
		if err != nil {
			faults = append(faults, fmt.Sprintf("%s %s: %v", kind, name, err))
		}
	}
	if len(m.buses) != 1 || len(m.sensors) == 0 || len(m.eventSources) == 0 {
		return append(faults, fmt.Sprintf("found %d EventBuses, %d EventSources, %d Sensors", len(m.buses), len(m.eventSources), len(m.sensors)))
	}
	bus := m.buses[0]
	fault("EventBus", bus.Name, eventbus.ValidateEventBus(bus))
	events := map[string]bool{}
	for _, source := range m.eventSources {
		fault("EventSource", source.Name, validateEventSource(source, bus.Name, events))
	}
	accounts := map[string]bool{}
	for _, account := range m.accounts {
		accounts[account.Name] = true
	}
	for _, one := range m.sensors {
		fault("Sensor", one.Name, sensor.ValidateSensor(one, bus))
		fault("Sensor", one.Name, validateReferences(one, bus.Name, events, accounts))
	}
	return faults
}

// validateEventSource does for the two kinds used here what the controller's own validation does for all: the names of
// events are unique, and each kind validates its own.
func validateEventSource(source *v1alpha1.EventSource, bus string, events map[string]bool) error {
	if source.Spec.EventBusName != bus {
		return fmt.Errorf("no EventBus %q", source.Spec.EventBusName)
	}
	declare := func(name string, err error) error {
		key := source.Name + "/" + name
		if err == nil && events[key] {
			err = fmt.Errorf("more than one event %q", name)
		}
		events[key] = true
		return err
	}
	before := len(events)
	for name, one := range source.Spec.Github {
		listener := githubsource.EventListener{EventSourceName: source.Name, EventName: name, GithubEventSource: one}
		if err := declare(name, listener.ValidateEventSource(background)); err != nil {
			return err
		}
		if one.WebhookSecret == nil {
			return fmt.Errorf("event %q takes bodies that nobody signed", name)
		}
	}
	for name, one := range source.Spec.Webhook {
		listener := webhooksource.EventListener{EventSourceName: source.Name, EventName: name, Webhook: one}
		if err := declare(name, listener.ValidateEventSource(background)); err != nil {
			return err
		}
		if one.AuthSecret == nil {
			return fmt.Errorf("event %q takes bodies from anybody", name)
		}
	}
	if len(events) == before {
		return fmt.Errorf("holds no event of a kind that is checked")
	}
	return nil
}

func validateReferences(one *v1alpha1.Sensor, bus string, events, accounts map[string]bool) error {
	if one.Spec.EventBusName != bus {
		return fmt.Errorf("no EventBus %q", one.Spec.EventBusName)
	}
	if one.Spec.Template == nil || !accounts[one.Spec.Template.ServiceAccountName] {
		return fmt.Errorf("its ServiceAccount is not among the manifests")
	}
	if len(one.Spec.Dependencies) != 1 || len(one.Spec.Triggers) != 1 {
		return fmt.Errorf("has %d dependencies and %d triggers", len(one.Spec.Dependencies), len(one.Spec.Triggers))
	}
	dependency := one.Spec.Dependencies[0]
	if !events[dependency.EventSourceName+"/"+dependency.EventName] {
		return fmt.Errorf("no EventSource emits %s/%s", dependency.EventSourceName, dependency.EventName)
	}
	return nil
}

// retrySeconds converts the strategies as the sensor does; NaN-free because a strategy that does not convert is -1.
func retrySeconds(sensors []*v1alpha1.Sensor) map[string]float64 {
	seconds := map[string]float64{}
	for _, one := range sensors {
		for _, trigger := range one.Spec.Triggers {
			for _, step := range []*v1alpha1.Trigger{&trigger, trigger.DlqTrigger} {
				seconds[step.Template.Name] = waits(step.RetryStrategy)
			}
		}
	}
	return seconds
}

func waits(strategy *v1alpha1.Backoff) float64 {
	if strategy == nil {
		return -1
	}
	backoff, err := sharedutil.Convert2WaitBackoff(strategy)
	if err != nil || backoff.Jitter <= 0 {
		return -1
	}
	backoff.Jitter = 0
	total := 0.0
	for backoff.Steps > 1 {
		total += backoff.Step().Seconds()
	}
	return total
}

func allowedAnswers(sensors []*v1alpha1.Sensor) map[string][]int {
	allowed := map[string][]int{}
	for _, one := range sensors {
		statuses := one.Spec.Triggers[0].Policy.Status.GetAllow()
		for status := 100; status < 600; status++ {
			if policy.NewStatusPolicy(status, statuses).ApplyPolicy(background) == nil {
				allowed[one.Name] = append(allowed[one.Name], status)
			}
		}
	}
	return allowed
}
