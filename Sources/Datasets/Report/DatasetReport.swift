public import Images

/// What training will see of a dataset, and the dataset's problems.
public struct DatasetReport: Sendable {
  /// The images of one size.
  public struct Bucket: Sendable, Equatable {
    /// The size in which training sees them.
    public let size: PixelSize
    /// Samples in an epoch, with repeats.
    public let samples: Int
    /// Forward passes of these samples; the last one may be short.
    public let batches: Int
  }

  /// The dataset of the images that can be read; nil: there are none.
  public let dataset: Dataset?
  /// The options of the training.
  public let config: DatasetOptions
  /// Side of the square whose area training sees, in pixels.
  public let resolution: Int
  /// The images that can be used, in the order of the dataset.
  public private(set) var images: [ReportedImage]
  /// The files that cannot be used.
  public private(set) var unusable: [UnusableFile]
  /// The problems of the images that can be used.
  public let problems: [DatasetProblem]

  /// The report on a dataset, from its captions and image headers.
  ///
  /// - Parameters:
  ///   - resolution: Side of the square whose area training sees, in pixels.
  ///   - tokenizer: The base model's.
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
    let parts = try survey.dataset.map { try ValidationImages.split($0, config) }
    let validation = Set(parts?.validation?.images.map(\.name) ?? [])
    images = (survey.dataset?.images ?? []).map {
      ReportedImage(
        $0, isValidation: validation.contains($0.name), buckets: buckets, config: config,
        tokenizer: tokenizer)
    }
    problems =
      parts.map { trained, validation in
        trained.problems(config, buckets: buckets, tokenizer)
          + trained.orderProblems(config, buckets: buckets)
          + (validation?.problems(config, buckets: buckets, tokenizer) ?? [])
          + ValidationImages.notChosen(config, beside: trained)
      } ?? []
  }

  /// Decodes every image and mask, to find damage that headers do not show.
  ///
  /// - Parameter progress: Called with the number of images done.
  public mutating func decodeImages(progress: @Sendable (_ done: Int, _ count: Int) -> Void) {
    let count = images.count
    let masks = config.masks
    let errors = concurrentMap(
      images, { $0.trainingError(masks: masks) }, progress: { progress($0, count) })
    unusable += zip(images, errors).compactMap { image, error in
      error.map { UnusableFile(name: image.image.name, error: $0) }
    }
    images = zip(images, errors).filter { $1 == nil }.map { $0.0 }
  }

  /// The sizes in which training sees images, the most frequent first.
  public var buckets: [Bucket] {
    Dictionary(grouping: trained, by: \.geometry.target).map { size, images in
      let samples = images.reduce(0) { $0 + $1.image.repeats }
      return Bucket(
        size: size, samples: samples,
        batches: (samples + config.batchSize - 1) / config.batchSize)
    }.sorted { ($1.samples, $0.size.width) < ($0.samples, $1.size.width) }
  }

  /// Optimizer steps in which training sees every image once, or as often as it is repeated.
  public var stepsPerEpoch: Int {
    guard !trained.isEmpty else { return 0 }
    let order = SampleOrder(
      buckets: trained.map(\.geometry.target), repeats: trained.map(\.image.repeats),
      batchSize: config.batchSize, gradientAccumulation: config.gradientAccumulation,
      seed: config.seed)
    return (order.passesPerEpoch + config.gradientAccumulation - 1) / config.gradientAccumulation
  }

  /// The images that are trained on.
  private var trained: [ReportedImage] { images.filter { !$0.isValidation } }
}
