import Foundation

extension ValidationImages {
  /// A dataset of at least this many images has one validation image by default.
  static let enough = 8

  /// Splits a dataset into training images and validation images; nil: no validation images. The
  /// choice is a pure function of the seed.
  ///
  /// Throws `ValidationError.tooMany`.
  package static func split(
    _ dataset: Dataset, _ config: DatasetOptions
  ) throws(ValidationError) -> (trained: Dataset, validation: Dataset?) {
    let count = try count(config, in: dataset)
    guard count > 0 else { return (dataset, nil) }
    let draws = dataset.images.indices.map {
      CounterRandom.value(seed: config.seed, step: 0, sample: $0, purpose: .validationChoice)
    }
    let chosen = Set(dataset.images.indices.sorted { draws[$0] < draws[$1] }.prefix(count))
    func part(_ isValidation: Bool, problems: [DatasetProblem]) -> Dataset {
      Dataset(
        directory: dataset.directory, subject: dataset.subject,
        images: dataset.images.indices.filter { chosen.contains($0) == isValidation }
          .map { dataset.images[$0] },
        problems: problems, isCompanion: isValidation)
    }
    let validation = part(true, problems: [])
    let note = DatasetProblem(
      validation.images.map(\.name),
      "kept as a validation image, not trained on; `validation_images: 0` trains on all images"
    )
    return (part(false, problems: dataset.problems + [note]), validation)
  }

  /// How many of a dataset's own images are chosen for validation. Throws
  /// `ValidationError.tooMany`.
  static func count(
    _ config: DatasetOptions, in dataset: Dataset
  ) throws(ValidationError) -> Int {
    let count = config.validationImages ?? (dataset.images.count >= enough ? 1 : 0)
    guard count > 0, config.validateEvery > 0, !hasFolder(config, beside: dataset) else { return 0 }
    guard count < dataset.images.count else {
      throw .tooMany(count, images: dataset.images.count)
    }
    return count
  }

  /// A note if `validation_images` has no effect.
  package static func notChosen(_ config: DatasetOptions, beside dataset: Dataset)
    -> [DatasetProblem]
  {
    guard let count = config.validationImages, count > 0 else { return [] }
    let reason: String
    if config.validateEvery == 0 {
      reason = "validate_every is 0"
    } else if hasFolder(config, beside: dataset) {
      reason = "there is a folder of validation images"
    } else {
      return []
    }
    return [
      DatasetProblem(
        [], "validation_images is \(count), but none is chosen, since \(reason)")
    ]
  }

  private static func hasFolder(_ config: DatasetOptions, beside dataset: Dataset) -> Bool {
    config.validationDataset != nil
      || FileManager.default.fileExists(atPath: ownFolder(of: dataset).path)
  }
}
