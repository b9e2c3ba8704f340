extension Dataset {
  /// Optimizer steps in which training sees every image once, or as often as it is repeated.
  package func stepsPerEpoch(_ config: DatasetOptions, buckets: AspectBuckets) -> Int {
    guard !images.isEmpty else { return 0 }
    let order = SampleOrder(
      buckets: images.map { buckets.bucket(for: $0.size, upscale: config.upscale) },
      repeats: images.map(\.repeats), batchSize: config.batchSize,
      gradientAccumulation: config.gradientAccumulation, seed: config.seed)
    return (order.passesPerEpoch + config.gradientAccumulation - 1) / config.gradientAccumulation
  }
}
