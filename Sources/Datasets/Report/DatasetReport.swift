public import Images

/// What training will see of a dataset, and what is odd about it.
public struct DatasetReport: Sendable {
  /// The pictures of one size.
  public struct Bucket: Sendable, Equatable {
    /// The size in which training sees them.
    public let size: PixelSize
    /// How many there are in an epoch, each as often as it is repeated.
    public let samples: Int
    /// Forward passes that they take; the last one may be short.
    public let batches: Int
  }

  /// The dataset of what can be read; nil: no picture can.
  public let dataset: Dataset?
  /// How it would be trained.
  public let config: DatasetOptions
  /// Side of the square whose area training sees, in pixels.
  public let resolution: Int
  /// The pictures that can be used, in the order of the dataset.
  public private(set) var images: [ReportedImage]
  /// The files that cannot be used.
  public private(set) var unusable: [UnusableFile]
  /// What the user should know of the pictures that can be used.
  public let problems: [DatasetProblem]

  /// The report on a dataset, by what its files say of themselves.
  ///
  /// - Parameters:
  ///   - resolution: side of the square whose area training sees, in pixels.
  ///   - tokenizer: the base model's.
  /// - Throws: `ValidationError` where no image would be left to train on.
  public init(
    _ survey: DatasetSurvey, config: DatasetOptions, resolution: Int,
    tokenizer: any CaptionTokenizer
  ) throws {
    dataset = survey.dataset
    unusable = survey.unusable
    self.config = config
    self.resolution = resolution
    let buckets = AspectBuckets(config, resolution: resolution)
    let parts = try survey.dataset.map { try HeldOut.split($0, config) }
    let heldOut = Set(parts?.heldOut?.images.map(\.name) ?? [])
    images = (survey.dataset?.images ?? []).map {
      ReportedImage(
        $0, isHeldOut: heldOut.contains($0.name), buckets: buckets, config: config,
        tokenizer: tokenizer)
    }
    problems =
      parts.map { trained, heldOut in
        trained.problems(config, buckets: buckets, tokenizer)
          + trained.orderProblems(config, buckets: buckets)
          + (heldOut?.problems(config, buckets: buckets, tokenizer) ?? [])
          + HeldOut.notChosen(config, beside: trained)
      } ?? []
  }

  /// Decodes every picture and mask, so that damage is found that headers do not show.
  ///
  /// - Parameter progress: told how many are done.
  public mutating func decodePictures(progress: @Sendable (_ done: Int, _ count: Int) -> Void) {
    let count = images.count
    let masks = config.masks
    let errors = concurrentMap(
      images, { $0.trainingError(masks: masks) }, progress: { progress($0, count) })
    unusable += zip(images, errors).compactMap { image, error in
      error.map { UnusableFile(name: image.image.name, error: $0) }
    }
    images = zip(images, errors).filter { $1 == nil }.map { $0.0 }
  }

  /// The sizes in which training sees pictures, the most frequent first.
  public var buckets: [Bucket] {
    Dictionary(grouping: trained, by: \.geometry.target).map { size, images in
      let samples = images.reduce(0) { $0 + $1.image.repeats }
      return Bucket(
        size: size, samples: samples,
        batches: (samples + config.batchSize - 1) / config.batchSize)
    }.sorted { ($1.samples, $0.size.width) < ($0.samples, $1.size.width) }
  }

  /// Optimizer steps in which every picture is seen once, or as often as it is repeated.
  public var stepsPerEpoch: Int {
    guard !trained.isEmpty else { return 0 }
    let order = SampleOrder(
      buckets: trained.map(\.geometry.target), repeats: trained.map(\.image.repeats),
      batchSize: config.batchSize, gradientAccumulation: config.gradientAccumulation,
      seed: config.seed)
    return (order.passesPerEpoch + config.gradientAccumulation - 1) / config.gradientAccumulation
  }

  /// The pictures that are not held out.
  private var trained: [ReportedImage] { images.filter { !$0.isHeldOut } }
}
