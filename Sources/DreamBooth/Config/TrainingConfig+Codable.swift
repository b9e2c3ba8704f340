extension TrainingConfig {
  /// Reads the options that are there, over the defaults: a record that was written before an option
  /// existed can still be read.
  public init(from decoder: any Decoder) throws {
    self.init()
    let container = try decoder.container(keyedBy: Key.self)
    for key in Key.allCases where container.contains(key) {
      try Self.option(key).decode(into: &self, from: container, key)
    }
  }

  /// Writes every option; one that is nil as null, since nil is not every option's default.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    for key in Key.allCases { try Self.option(key).encode(from: self, to: &container, key) }
  }

  private static func option(_ key: Key) -> any CodedOption {
    switch key {
    case .subject: Option(path: \.subject)
    case .steps: Option(path: \.steps)
    case .model: Option(path: \.model)
    case .dataset: Option(path: \.dataset)
    case .resolution: Option(path: \.resolution)
    case .buckets: Option(path: \.buckets)
    case .bucketStep: Option(path: \.bucketStep)
    case .upscale: Option(path: \.upscale)
    case .crop: Option(path: \.crop)
    case .flip: Option(path: \.flip)
    case .latents: Option(path: \.latents)
    case .captionPrefix: Option(path: \.captionPrefix)
    case .captionSuffix: Option(path: \.captionSuffix)
    case .captionAlternatives: Option(path: \.captionAlternatives)
    case .captionShuffle: Option(path: \.captionShuffle)
    case .keepTokens: Option(path: \.keepTokens)
    case .captionDropout: Option(path: \.captionDropout)
    case .maxCaptionTokens: Option(path: \.maxCaptionTokens)
    case .masks: Option(path: \.masks)
    case .maskFloor: Option(path: \.maskFloor)
    case .batchSize: Option(path: \.batchSize)
    case .gradientAccumulation: Option(path: \.gradientAccumulation)
    case .rank: Option(path: \.rank)
    case .alpha: Option(path: \.alpha)
    case .loraTargets: Option(path: \.loraTargets)
    case .learningRate: Option(path: \.learningRate)
    case .learningRateSchedule: Option(path: \.learningRateSchedule)
    case .learningRateWarmupSteps: Option(path: \.learningRateWarmupSteps)
    case .weightDecay: Option(path: \.weightDecay)
    case .adamBeta1: Option(path: \.adamBeta1)
    case .adamBeta2: Option(path: \.adamBeta2)
    case .adamEpsilon: Option(path: \.adamEpsilon)
    case .maxGradientNorm: Option(path: \.maxGradientNorm)
    case .minSNRGamma: Option(path: \.minSNRGamma)
    case .seed: Option(path: \.seed)
    case .precision: Option(path: \.precision)
    case .device: Option(path: \.device)
    case .gradientCheckpointing: Option(path: \.gradientCheckpointing)
    case .deterministic: Option(path: \.deterministic)
    case .threads: Option(path: \.threads)
    case .priorImages: Option(path: \.priorImages)
    case .classPrompts: Option(path: \.classPrompts)
    case .priorFolder: Option(path: \.priorFolder)
    case .priorWeight: Option(path: \.priorWeight)
    case .priorBatchSize: Option(path: \.priorBatchSize)
    case .priorSteps: Option(path: \.priorSteps)
    case .priorGuidance: Option(path: \.priorGuidance)
    case .checkpointEvery: Option(path: \.checkpointEvery)
    case .keepLast: Option(path: \.keepLast)
    case .keepEvery: Option(path: \.keepEvery)
    case .sampleEvery: Option(path: \.sampleEvery)
    case .validationDataset: Option(path: \.validationDataset)
    case .holdOut: Option(path: \.holdOut)
    case .validateEvery: Option(path: \.validateEvery)
    case .samplePrompts: Option(path: \.samplePrompts)
    case .sampleSteps: Option(path: \.sampleSteps)
    case .sampleGuidance: Option(path: \.sampleGuidance)
    case .sampleSeeds: Option(path: \.sampleSeeds)
    }
  }
}

/// An option of whatever type, read and written by itself.
private protocol CodedOption {
  func decode(
    into config: inout TrainingConfig, from container: KeyedDecodingContainer<TrainingConfig.Key>,
    _ key: TrainingConfig.Key) throws
  func encode(
    from config: TrainingConfig, to container: inout KeyedEncodingContainer<TrainingConfig.Key>,
    _ key: TrainingConfig.Key) throws
}

private struct Option<Value: Codable>: CodedOption {
  let path: WritableKeyPath<TrainingConfig, Value>

  func decode(
    into config: inout TrainingConfig, from container: KeyedDecodingContainer<TrainingConfig.Key>,
    _ key: TrainingConfig.Key
  ) throws {
    config[keyPath: path] = try container.decode(Value.self, forKey: key)
  }

  func encode(
    from config: TrainingConfig, to container: inout KeyedEncodingContainer<TrainingConfig.Key>,
    _ key: TrainingConfig.Key
  ) throws {
    try container.encode(config[keyPath: path], forKey: key)
  }
}
