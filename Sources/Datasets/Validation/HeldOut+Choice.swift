import Foundation

extension HeldOut {
  /// From so many pictures on, one is held out where nothing is said.
  static let enough = 8

  /// A dataset without the pictures of its own that are kept from training, and those; nil where none
  /// are. Which they are is a pure function of the seed.
  ///
  /// Throws `ValidationError.tooMany`.
  package static func split(
    _ dataset: Dataset, _ config: DatasetOptions
  ) throws(ValidationError) -> (trained: Dataset, heldOut: Dataset?) {
    let count = try count(config, in: dataset)
    guard count > 0 else { return (dataset, nil) }
    let draws = dataset.images.indices.map {
      CounterRandom.value(seed: config.seed, step: 0, sample: $0, purpose: .heldOutChoice)
    }
    let chosen = Set(dataset.images.indices.sorted { draws[$0] < draws[$1] }.prefix(count))
    func part(_ isHeldOut: Bool, problems: [DatasetProblem]) -> Dataset {
      Dataset(
        directory: dataset.directory, subject: dataset.subject,
        images: dataset.images.indices.filter { chosen.contains($0) == isHeldOut }
          .map { dataset.images[$0] },
        problems: problems, isCompanion: isHeldOut)
    }
    let heldOut = part(true, problems: [])
    let note = DatasetProblem(
      heldOut.images.map(\.name),
      "held out to measure over-fitting, so not trained on; `validation_images: 0` trains on all pictures"
    )
    return (part(false, problems: dataset.problems + [note]), heldOut)
  }

  /// How many of a dataset's own pictures are held out. Throws `ValidationError.tooMany`.
  static func count(
    _ config: DatasetOptions, in dataset: Dataset
  ) throws(ValidationError) -> Int {
    let asked = config.validationImages ?? (dataset.images.count >= enough ? 1 : 0)
    guard asked > 0, config.validateEvery > 0, !hasFolder(config, beside: dataset) else { return 0 }
    guard asked < dataset.images.count else {
      throw .tooMany(asked, images: dataset.images.count)
    }
    return asked
  }

  /// Says so where pictures are to be held out, and none are.
  package static func notChosen(_ config: DatasetOptions, beside dataset: Dataset)
    -> [DatasetProblem]
  {
    guard let asked = config.validationImages, asked > 0 else { return [] }
    let reason: String
    if config.validateEvery == 0 {
      reason = "validate_every is 0"
    } else if hasFolder(config, beside: dataset) {
      reason = "there is a folder of held-out pictures"
    } else {
      return []
    }
    return [
      DatasetProblem(
        [], "validation_images is \(asked), but no picture is held out, since \(reason)")
    ]
  }

  private static func hasFolder(_ config: DatasetOptions, beside dataset: Dataset) -> Bool {
    config.validationDataset != nil
      || FileManager.default.fileExists(atPath: ownFolder(of: dataset).path)
  }
}
