extension Dataset {
  /// Optimizer steps in which training sees every image once, or as often as it is repeated.
  package func stepsPerEpoch(_ config: DatasetOptions, buckets: AspectBuckets) -> Int {
    SampleOrder(of: images, config, buckets: buckets).stepsPerEpoch
  }
}

extension SampleOrder {
  /// The order in which a configuration trains on images.
  init(of images: [DatasetImage], _ config: DatasetOptions, buckets: AspectBuckets) {
    self.init(
      buckets: images.map { buckets.bucket(for: $0.size, upscale: config.upscale) },
      repeats: images.map(\.repeats), batchSize: config.batchSize,
      gradientAccumulation: config.gradientAccumulation, seed: config.seed)
  }
}
