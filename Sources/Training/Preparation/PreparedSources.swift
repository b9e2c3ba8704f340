import Datasets
import Foundation

/// The image files of a training: the subject's, validation and class images.
struct PreparedSources {
  let instances: [ImageSource]
  let validation: [ImageSource]
  /// Empty until they are added.
  private(set) var classImages: [ImageSource] = []
  /// The identity of the data, with the class images that were added.
  private(set) var identity: RunIdentity

  private let setup: TrainingSetup

  /// Lists the subject's and the validation images, but not the class images yet.
  init(_ setup: TrainingSetup) {
    self.setup = setup
    identity = setup.identity
    instances = Self.sources(setup, setup.dataset.images, identity.images)
    validation = Self.sources(
      setup, setup.validation?.images ?? [], identity.validation ?? [],
      prefix: (setup.validation?.directory.lastPathComponent ?? "") + "/")
  }

  /// Adds the class images. Those that the base model has to draw and that are not cached are
  /// drawn, see ``ClassImageCache``.
  mutating func addClassImages(
    checkStop: () throws -> Void, report: (TrainingEvent) throws -> Void
  ) throws {
    var images: [DatasetImage] = []
    switch setup.classImages {
    case .found(let dataset): images = dataset.images
    case .drawn(let count, let prompts):
      images = try ClassImageCache(setup).images(
        count: count, prompts: prompts, checkStop: checkStop, report: report)
      // Named by number, because the file names are hashes.
      identity.classImages = try images.enumerated().map { index, image in
        try RunIdentity.Image(image, name: "\(index + 1)", masks: false)
      }
    case nil: break
    }
    classImages = Self.sources(
      setup, images, identity.classImages ?? [], prefix: "class image ")
  }

  private static func sources(
    _ setup: TrainingSetup, _ images: [DatasetImage], _ identities: [RunIdentity.Image],
    prefix: String = ""
  ) -> [ImageSource] {
    zip(images, identities).map { image, identity in
      ImageSource(
        image, identity, buckets: setup.buckets, upscale: setup.config.upscale, prefix: prefix)
    }
  }
}
