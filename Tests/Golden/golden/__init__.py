"""Makers of the reference fixtures: small random models run by diffusers, transformers and peft."""
