import StableDiffusion

extension TextOptions {
  /// The text encoders that are trained, in their order: a new word has vectors in both.
  var trainedParts: [ModelDirectory.Component] {
    embeddingTokens == nil ? adaptedParts : [.textEncoder, .textEncoder2]
  }

  /// The text encoders that get adapters, in their order.
  var adaptedParts: [ModelDirectory.Component] {
    switch trainTextEncoders {
    case .first: [.textEncoder]
    case .second: [.textEncoder2]
    case .both: [.textEncoder, .textEncoder2]
    case nil: []
    }
  }

  /// The peak learning rate of each of `adaptedParts`, if one is set.
  var rates: [Double?] {
    let rates = textEncoderLearningRate?.rates ?? []
    return adaptedParts.indices.map { $0 < rates.count ? rates[$0] : rates.last }
  }
}

extension TrainingConfig {
  /// The number of steps after which the text encoders stay as they are.
  var textEncoderStop: Int {
    guard let stop = text.textEncoderStopAt else { return .max }
    return stop < 1 ? max(1, Int((stop * Double(steps)).rounded())) : Int(stop)
  }
}
