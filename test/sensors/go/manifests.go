package main

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/argoproj/argo-events/pkg/apis/events/v1alpha1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apiextensions "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/validation"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/yaml"
)

// Folders that are applied by themselves: `kubectl apply -k sensors/<folder>`.
var roots = []string{".", "alerts", "eventbus", "examples/overlay", "examples/existing-eventsource"}

// Manifests holds the objects of the files themselves; what kustomize makes of them is decoded just as strictly.
type Manifests struct {
	eventSources []*v1alpha1.EventSource
	sensors      []*v1alpha1.Sensor
	buses        []*v1alpha1.EventBus
	accounts     []*corev1.ServiceAccount
	counts       map[string]int
	faults       []string
}

// Definitions validates objects by "group/version/kind".
type Definitions map[string]validation.SchemaValidator

func readDefinitions(dir string) (Definitions, error) {
	files, err := filepath.Glob(filepath.Join(dir, "argoproj.io_*.yaml"))
	if err != nil || len(files) == 0 {
		return nil, fmt.Errorf("no CRDs in %q (%v)", dir, err)
	}
	definitions := Definitions{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		var crd apiextensionsv1.CustomResourceDefinition
		if err := yaml.UnmarshalStrict(text, &crd); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		for _, version := range crd.Spec.Versions {
			var schema apiextensions.CustomResourceValidation
			if err := apiextensionsv1.Convert_v1_CustomResourceValidation_To_apiextensions_CustomResourceValidation(version.Schema, &schema, nil); err != nil {
				return nil, err
			}
			validator, _, err := validation.NewSchemaValidator(schema.OpenAPIV3Schema)
			if err != nil {
				return nil, err
			}
			definitions[crd.Spec.Group+"/"+version.Name+"/"+crd.Spec.Names.Kind] = validator
		}
	}
	return definitions, nil
}

func readManifests(dir string, definitions Definitions) (*Manifests, error) {
	manifests := &Manifests{counts: map[string]int{}}
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || filepath.Ext(path) != ".yaml" || entry.Name() == "kustomization.yaml" {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name, _ := filepath.Rel(dir, path)
		for _, document := range bytes.Split(append([]byte("\n"), text...), []byte("\n---\n")) {
			if err := manifests.decode(document, definitions, true); err != nil {
				manifests.faults = append(manifests.faults, fmt.Sprintf("%s: %v", name, err))
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	for _, root := range roots {
		if err := manifests.build(filepath.Join(dir, root), definitions); err != nil {
			manifests.faults = append(manifests.faults, fmt.Sprintf("kubectl kustomize sensors/%s: %v", root, err))
		}
	}
	return manifests, nil
}

func (m *Manifests) build(dir string, definitions Definitions) error {
	built, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), dir)
	if err != nil {
		return err
	}
	for _, object := range built.Resources() {
		text, err := object.AsYAML()
		if err != nil {
			return err
		}
		if err := m.decode(text, definitions, false); err != nil {
			return fmt.Errorf("%s %s: %w", object.GetKind(), object.GetName(), err)
		}
		if object.GetNamespace() == "" {
			return fmt.Errorf("%s %s has no namespace", object.GetKind(), object.GetName())
		}
	}
	return nil
}

// decode holds one document against its Go type, and against its CRD where it has one; `keep` also remembers it.
func (m *Manifests) decode(text []byte, definitions Definitions, keep bool) error {
	var head struct {
		APIVersion string `json:"apiVersion"`
		Kind       string `json:"kind"`
	}
	if err := yaml.Unmarshal(text, &head); err != nil {
		return err
	}
	object := m.objectOf(head.APIVersion+"/"+head.Kind, keep)
	if object == nil {
		return fmt.Errorf("%s %s is not checked by anything", head.APIVersion, head.Kind)
	}
	if err := yaml.UnmarshalStrict(text, object); err != nil {
		return err
	}
	m.counts[head.Kind]++
	if !strings.HasPrefix(head.APIVersion, "argoproj.io/") {
		return nil
	}
	validator, known := definitions[head.APIVersion+"/"+head.Kind]
	if !known {
		return fmt.Errorf("no CRD serves %s %s", head.APIVersion, head.Kind)
	}
	var plain map[string]any
	if err := yaml.UnmarshalStrict(text, &plain); err != nil {
		return err
	}
	if faults := validation.ValidateCustomResource(nil, plain, validator); len(faults) > 0 {
		return faults.ToAggregate()
	}
	return nil
}

func (m *Manifests) objectOf(kind string, keep bool) any {
	switch kind {
	case "argoproj.io/v1alpha1/EventSource":
		return remember(&m.eventSources, keep)
	case "argoproj.io/v1alpha1/Sensor":
		return remember(&m.sensors, keep)
	case "argoproj.io/v1alpha1/EventBus":
		return remember(&m.buses, keep)
	case "v1/ServiceAccount":
		return remember(&m.accounts, keep)
	case "rbac.authorization.k8s.io/v1/Role":
		return &rbacv1.Role{}
	case "rbac.authorization.k8s.io/v1/RoleBinding":
		return &rbacv1.RoleBinding{}
	case "networking.k8s.io/v1/Ingress":
		return &networkingv1.Ingress{}
	}
	return nil
}

func remember[T any](list *[]*T, keep bool) *T {
	object := new(T)
	if keep {
		*list = append(*list, object)
	}
	return object
}

var background = context.Background()
