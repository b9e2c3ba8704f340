import NN
package import Options
package import StableDiffusion

extension TrainingConfig {
  /// The dataset folder: `dataset`, or `Datasets/<subject>`.
  public var datasetPath: String { dataset ?? "Datasets/\(subject)" }

  /// Whether the frozen weights are rounded to 8 bits.
  var roundsWeights: Bool { frozenWeights == .int8 || frozenWeights == .fp8 }

  /// Whether a resolved configuration (``TrainingSetup``) also trains on class images.
  var preservesPrior: Bool { priorImages ?? 0 > 0 }

  /// Whether the base model draws the class images of a resolved configuration.
  var drawsClassImages: Bool { preservesPrior && priorFolder == nil }

  /// Whether the base model's predictions for the class are kept.
  var preservesOutput: Bool { objective.preservation == .output }

  /// Whether the loss has a part for the class.
  var hasPriorLoss: Bool { preservesPrior || preservesOutput }

  /// Whether the class prompts of a resolved configuration matter.
  var usesClassPrompts: Bool { drawsClassImages || preservesOutput }

  /// The training resolution in pixels: `resolution`, or the model's own. Throws `ConfigError` if
  /// it is not a multiple of the VAE's scale.
  package func resolution(for model: ModelDirectory) throws(ConfigError) -> Int {
    let resolution = resolution ?? model.resolution
    guard resolution.isMultiple(of: model.vae.scale) else {
      throw .invalidValue(
        key: Self.schema.key(of: \.$resolution), origin: .builtIn, found: "\(resolution)",
        allowed: "a multiple of \(model.vae.scale) for this base model")
    }
    return resolution
  }
}

/// The rules for names of subjects.
enum SubjectName {
  /// Whether a name can be the name of a folder.
  static func isFolderName(_ name: String) -> Bool {
    !name.isEmpty && !name.hasPrefix(".") && !name.contains("/")
      && !name.unicodeScalars.contains { $0.value < 0x20 }
  }

  /// The allowed names in words if this one is not allowed, else nil.
  static func problem(_ name: String) -> String? {
    guard isFolderName(name) else { return "the name of a folder in Datasets, without a slash" }
    return isReserved(name)
      ? "another name, because this one is reserved; rename the dataset folder" : nil
  }

  /// Whether the project folder uses the name for the base models, the caches or the database's
  /// files. Some file systems ignore case.
  private static func isReserved(_ subject: String) -> Bool {
    let name = subject.lowercased()
    return ["base", "cache"].contains(name) || name.hasPrefix("runs.sqlite")
  }
}

extension LearningRateSchedule {
  /// The schedule of a configuration.
  init(_ config: TrainingConfig) {
    self.init(
      config.optimization.learningRateSchedule,
      warmupSteps: config.optimization.learningRateWarmupSteps, steps: config.steps,
      cycles: config.optimization.learningRateCycles, power: config.optimization.learningRatePower)
  }
}
