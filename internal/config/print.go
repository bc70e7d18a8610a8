package config

import (
	"fmt"
	"io"
	"text/tabwriter"

	"go.yaml.in/yaml/v3"
)

// Print writes the configuration in force as YAML, each value that is not the default with where it was set, and stream
// keys redacted.
func (c *Config) Print(w io.Writer) error {
	var doc yaml.Node
	if err := doc.Encode(c); err != nil {
		return fmt.Errorf("print the configuration: %w", err)
	}
	c.annotate(&doc, "")
	enc := yaml.NewEncoder(w)
	enc.SetIndent(2)
	if err := enc.Encode(&doc); err != nil {
		return fmt.Errorf("print the configuration: %w", err)
	}
	return enc.Close()
}

// annotate writes origins behind values.
func (c *Config) annotate(n *yaml.Node, prefix string) {
	for i := 0; i+1 < len(n.Content); i += 2 {
		name, value := n.Content[i], n.Content[i+1]
		path := prefix + name.Value
		if value.Kind == yaml.MappingNode {
			c.annotate(value, path+".")
			continue
		}
		source, set := c.origins[path]
		switch {
		case !set:
		case value.Kind == yaml.SequenceNode && len(value.Content) > 0:
			name.LineComment = source
		default:
			value.LineComment = source
		}
	}
}

// Usage writes every flag with its name in the environment and its default.
func Usage(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(t, "%s FILE\t%s\tno file\n", configFlag, configEnv)
	for _, k := range Default().keys() {
		def := fmt.Sprint(k.value.Interface())
		switch def {
		case "", "[]":
			def = "-"
		}
		if k.path == "data" {
			def = "/var/lib/shoal for root, else ~/.local/share/shoal"
		}
		fmt.Fprintf(t, "%s\t%s\t%s\n", k.flag(), k.env(), def)
	}
	return t.Flush()
}
