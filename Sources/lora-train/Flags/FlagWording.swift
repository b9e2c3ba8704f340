import Drawing
import Options
import Training

extension String {
  /// This text with option keys in backticks replaced by flags: `batch_size` by `--batch-size`,
  /// `sample_every: 0` by `--sample-every 0`, `buckets: false` by `--no-buckets`.
  var wordingFlags: String {
    replacingOptions { key, value in
      let name =
        TrainingConfig.schema.option(key).map { $0.flagName($0.key) }
        ?? DrawingOptions.schema.option(key).map { $0.flagName($0.key) }
        ?? (Self.commandFlags.contains(key) ? key.replacing("_", with: "-") : nil)
      guard let name else { return nil }
      switch value {
      case nil, "true": return "--\(name)"
      case "false": return "--no-\(name)"
      case let value?: return "--\(name) \(value)"
      }
    }
  }

  /// Flags in neither table that messages of the libraries mention.
  private static let commandFlags: Set<String> = [
    "allow_change", "base_model", "config", "force", "from", "host", "lora", "name", "new",
    "output",
    "overwrite", "port", "prompts", "revision", "root", "run", "token", "variant",
  ]
}
