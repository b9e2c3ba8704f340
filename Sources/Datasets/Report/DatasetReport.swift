import Foundation
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
  public private(set) var problems: [DatasetProblem]
  /// What every file in the folder and in the folder of validation images is for.
  public private(set) var files: [DatasetFile]

  /// The images of the folder of validation images, if one is used, and their paths from the dataset
  /// folder.
  private var validationFolder: [(path: String, image: ReportedImage)] = []

  /// The report on a dataset, from its captions and image headers.
  ///
  /// - Parameters:
  ///   - resolution: Side of the square whose area training sees, in pixels.
  ///   - tokenizer: The base model's.
  /// - Throws: `ValidationError` where no image would be left to train on, or the folder of
  ///   validation images does not exist or is empty.
  public init(
    _ survey: DatasetSurvey, config: DatasetOptions, resolution: Int,
    tokenizer: any CaptionTokenizer
  ) throws {
    dataset = survey.dataset
    unusable = survey.unusable
    self.config = config
    self.resolution = resolution
    let buckets = AspectBuckets(config, resolution: resolution)
    files = survey.files
    let parts = try survey.dataset.map { try ValidationImages.split($0, config) }
    let validation = Set(parts?.validation?.images.map(\.name) ?? [])
    images = (survey.dataset?.images ?? []).map {
      ReportedImage(
        $0, isValidation: validation.contains($0.name), buckets: buckets, config: config,
        tokenizer: tokenizer)
    }
    let unused = parts.map { ValidationImages.unused(config, beside: $0.trained) } ?? []
    problems =
      parts.map { trained, validation in
        trained.problems(config, buckets: buckets, tokenizer)
          + trained.orderProblems(config, buckets: buckets)
          + (validation?.problems(config, buckets: buckets, tokenizer) ?? [])
          + ValidationImages.notChosen(config, beside: trained)
          + unused
      } ?? []
    setRoles(ofValidation: validation, unusedFolders: unused)
    if let parts, parts.validation == nil {
      try addFolder(beside: parts.trained, buckets: buckets, tokenizer)
    }
  }

  private mutating func setRoles(
    ofValidation names: Set<String>, unusedFolders: [DatasetProblem]
  ) {
    for index in files.indices where names.contains(files[index].path) {
      files[index].role = .validation
    }
    for problem in unusedFolders {
      files += problem.files.map { DatasetFile(path: $0, role: .unused(problem.text)) }
    }
  }

  /// Adds the files and the problems of the folder of validation images, if one is used.
  private mutating func addFolder(
    beside dataset: Dataset, buckets: AspectBuckets, _ tokenizer: any CaptionTokenizer
  ) throws {
    guard let folder = try ValidationImages.folder(config, beside: dataset) else { return }
    let survey = try ValidationImages.survey(folder, config, beside: dataset)
    let name = folder.lastPathComponent
    files += survey.files.map { file in
      DatasetFile(
        path: "\(name)/\(file.path)", role: file.role == .image ? .validation : file.role)
    }
    unusable += survey.unusable.map { UnusableFile(name: "\(name)/\($0.name)", error: $0.error) }
    guard let validation = survey.dataset else { return }
    problems += validation.problems(config, buckets: buckets, tokenizer)
    let trained = try DuplicateImages.images(of: validation.images, among: dataset.images)
    if !trained.isEmpty {
      problems.append(DatasetProblem(trained, ValidationImages.trainedOn).below(name))
    }
    validationFolder = validation.images.map { image in
      (
        "\(name)/\(image.name)",
        ReportedImage(
          image, isValidation: true, buckets: buckets, config: config, tokenizer: tokenizer)
      )
    }
  }

  /// Decodes every image and mask, to find damage that headers do not show.
  ///
  /// - Parameter progress: Called with the number of images done.
  public mutating func decodeImages(progress: @Sendable (_ done: Int, _ count: Int) -> Void) {
    let all = images + validationFolder.map(\.image)
    let count = all.count
    let (masks, isRandom) = (config.masks, config.crop == .random)
    let decoded = concurrentMap(
      all, { image in Result { try image.decoded(masks: masks, isRandom: isRandom) } },
      progress: { progress($0, count) })
    let paths = images.map(\.image.name) + validationFolder.map(\.path)
    for (path, result) in zip(paths, decoded) {
      guard case .failure(let error) = result else { continue }
      let file = UnusableFile(name: path, error: error)
      unusable.append(file)
      for index in files.indices where files[index].path == path {
        files[index].role = .unusable(file.description)
      }
    }
    images = decoded.prefix(images.count).compactMap { result in
      guard case .success(let image) = result else { return nil }
      return image
    }
    let weights = trained.compactMap { image in
      image.maskWeight.map { (name: image.image.name, weight: $0) }
    }
    let floor = config.maskFloor
    problems += MaskWeight.problems(of: weights, among: trained.count, floor: floor)
    if let dataset,
      let error = MaskWeight.error(
        of: weights, among: trained.count, floor: floor, in: dataset.directory)
    {
      unusable.append(UnusableFile(name: config.subject, error: error))
    }
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
    SampleOrder(
      of: trained.map(\.image), config, buckets: AspectBuckets(config, resolution: resolution)
    ).stepsPerEpoch
  }

  /// The images that are trained on.
  private var trained: [ReportedImage] { images.filter { !$0.isValidation } }
}
