import Datasets
import Foundation

/// The pictures that training is prepared from, all of them files.
struct PreparedSources {
  let instances: [PictureSource]
  let heldOut: [PictureSource]
  /// Empty until they are added.
  private(set) var classImages: [PictureSource] = []
  /// What is trained on, with the class images that were added.
  private(set) var identity: RunIdentity

  private let setup: TrainingSetup

  /// The pictures that are there already; class images are not among them yet.
  init(_ setup: TrainingSetup) {
    self.setup = setup
    identity = setup.identity
    instances = Self.sources(setup, setup.dataset.images, identity.images)
    heldOut = Self.sources(
      setup, setup.heldOut?.images ?? [], identity.heldOut ?? [],
      prefix: (setup.heldOut?.directory.lastPathComponent ?? "") + "/")
  }

  /// Adds the class images, and draws those that are asked for and not there yet; see
  /// ``ClassImageCache``.
  mutating func addClassImages(
    checkStop: () throws -> Void, report: (TrainingEvent) throws -> Void
  ) throws {
    var images: [DatasetImage] = []
    switch setup.classImages {
    case .found(let dataset): images = dataset.images
    case .drawn(let count, let prompts):
      images = try ClassImageCache(setup).images(
        count: count, prompts: prompts, checkStop: checkStop, report: report)
      // By their numbers: the names of the files say nothing.
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
  ) -> [PictureSource] {
    zip(images, identities).map { image, identity in
      PictureSource(
        image, identity, buckets: setup.buckets, upscale: setup.config.upscale, prefix: prefix)
    }
  }
}
