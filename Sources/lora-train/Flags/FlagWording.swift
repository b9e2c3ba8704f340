import Drawing
import Options
import Training

extension String {
  /// This text with the options that it mentions in backticks worded as flags: `--batch-size` for
  /// `batch_size`, `--sample-every 0` for `sample_every: 0`, `--no-buckets` for `buckets: false`.
  var wordingFlags: String {
    wordingOptions { key, value in
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

  /// Flags of commands that are in neither table, which libraries mention too.
  private static let commandFlags: Set<String> = [
    "allow_change", "config", "from", "lora", "new", "output", "overwrite", "prompts", "root",
    "run",
  ]
}
