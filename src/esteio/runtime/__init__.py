"""Settings, resources and manifests become a running Esteio; every manifest is checked at the door."""
