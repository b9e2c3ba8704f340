extension TrainingConfig {
  /// Checks every value against what is allowed.
  ///
  /// - Throws: `ConfigError.invalidValue` for the first option that is not.
  public func validate() throws(ConfigError) {
    try validate { _ in .builtIn }
  }

  /// Checks every value; `origin` says where an option was set.
  func validate(origin: (Key) -> ConfigOrigin) throws(ConfigError) {
    func require(
      _ isAllowed: Bool, _ key: Key, _ found: Any, _ allowed: String
    ) throws(ConfigError) {
      guard isAllowed else {
        throw .invalidValue(
          key: key.rawValue, origin: origin(key), found: "\(found)", allowed: allowed)
      }
    }
    func require(
      _ value: Int, in range: ClosedRange<Int>, _ key: Key
    ) throws(ConfigError) {
      try require(range.contains(value), key, value, wholeNumber(in: range))
    }

    try require(
      Self.isFolderName(subject), .subject, "\"\(subject)\"",
      "the name of a folder under Datasets, without a slash (--subject NAME)")
    try require(
      !Self.isReserved(subject), .subject, "\"\(subject)\"",
      "another name, since that place among the runs is taken; rename the dataset's folder")
    try require(steps, in: 1...10_000_000, .steps)
    if let resolution {
      try require(
        resolution.isMultiple(of: 32) && (64...4096).contains(resolution), .resolution, resolution,
        "a multiple of 32 from 64 to 4096")
    }
    try require(
      bucketStep.isMultiple(of: 8) && (8...1024).contains(bucketStep), .bucketStep, bucketStep,
      "a multiple of 8 from 8 to 1024")
    try require(
      upscale || buckets, .upscale, upscale,
      "true where buckets is false, since squares have one size")
    try require(keepTokens, in: 0...1000, .keepTokens)
    try require((0...1).contains(captionDropout), .captionDropout, captionDropout, "from 0 to 1")
    try require(
      [75, 150, 225].contains(maxCaptionTokens), .maxCaptionTokens, maxCaptionTokens,
      "75, 150 or 225")
    try require((0...1).contains(maskFloor), .maskFloor, maskFloor, "from 0 to 1")
    try require(batchSize, in: 1...4096, .batchSize)
    try require(gradientAccumulation, in: 1...4096, .gradientAccumulation)

    try require(rank, in: 1...4096, .rank)
    try require(alpha > 0 && alpha.isFinite, .alpha, alpha, "a number above 0")
    try require(
      !loraTargets.isEmpty && !loraTargets.contains(""), .loraTargets, loraTargets,
      "a list of layer names such as [to_q, to_v]")

    try require(
      learningRate >= 0 && learningRate.isFinite, .learningRate, learningRate,
      "a number of at least 0")
    try require(
      (0...steps).contains(learningRateWarmupSteps), .learningRateWarmupSteps,
      learningRateWarmupSteps, "a whole number from 0 to the \(steps) steps of the run")
    try require(
      weightDecay >= 0 && weightDecay.isFinite, .weightDecay, weightDecay,
      "a number of at least 0")
    try require((0..<1).contains(adamBeta1), .adamBeta1, adamBeta1, "at least 0 and below 1")
    try require((0..<1).contains(adamBeta2), .adamBeta2, adamBeta2, "at least 0 and below 1")
    try require(
      adamEpsilon > 0 && adamEpsilon.isFinite, .adamEpsilon, adamEpsilon, "a number above 0")
    for (key, value) in [(Key.maxGradientNorm, maxGradientNorm), (.minSNRGamma, minSNRGamma)] {
      guard let value else { continue }
      try require(
        value > 0 && value.isFinite, key, value, "a number above 0, or null to switch it off")
    }
    if let threads { try require(threads, in: 1...1024, .threads) }

    if let priorImages { try require(priorImages, in: Self.priorImagesRange, .priorImages) }
    try require(
      Subject.areClassPrompts(classPrompts), .classPrompts, classPrompts,
      Subject.classPromptsAllowed)
    try require(
      priorWeight > 0 && priorWeight.isFinite, .priorWeight, priorWeight,
      "a number above 0 (prior_images: 0 switches class images off)")
    try require(priorBatchSize, in: 1...4096, .priorBatchSize)
    try require(priorSteps, in: 1...1000, .priorSteps)
    try require(
      priorGuidance >= 0 && priorGuidance.isFinite, .priorGuidance, priorGuidance,
      "a number of at least 0")

    try require(checkpointEvery, in: 0...10_000_000, .checkpointEvery)
    if let keepLast { try require(keepLast, in: 1...10_000_000, .keepLast) }
    if let keepEvery { try require(keepEvery, in: 1...10_000_000, .keepEvery) }
    try require(sampleEvery, in: 0...10_000_000, .sampleEvery)
    if let holdOut { try require(holdOut, in: 0...10_000, .holdOut) }
    try require(validateEvery, in: 0...10_000_000, .validateEvery)
    try require(sampleSteps, in: 1...1000, .sampleSteps)
    try require(
      sampleGuidance >= 0 && sampleGuidance.isFinite, .sampleGuidance, sampleGuidance,
      "a number of at least 0")
    try require(
      !sampleSeeds.isEmpty, .sampleSeeds, "an empty list",
      "a list of at least one seed (sample_every: 0 switches samples off)")
  }

  /// How many class images there can be.
  static let priorImagesRange = 0...10_000

  /// Whether something else lies where the runs of a subject would: the base models, the caches or
  /// the database with its companions. Some file systems do not tell apart capital letters.
  private static func isReserved(_ subject: String) -> Bool {
    let name = subject.lowercased()
    return ["base", "cache"].contains(name) || name.hasPrefix("runs.sqlite")
  }

  /// Whether a subject's name can be the name of its folders.
  static func isFolderName(_ name: String) -> Bool {
    !name.isEmpty && !name.hasPrefix(".") && !name.contains("/")
      && !name.unicodeScalars.contains { $0.value < 0x20 }
  }
}

/// What is allowed, for errors.
func wholeNumber(in range: ClosedRange<Int>) -> String {
  "a whole number from \(range.lowerBound) to \(range.upperBound)"
}
