import Foundation

/// The pictures that training is prepared from, all of them files: class images are drawn by then.
struct PreparedSources {
  /// One picture.
  struct Source {
    let image: DatasetImage
    let sha256: String
    let geometry: CropGeometry
    /// What messages call it.
    let label: String
  }

  let instances: [Source]
  let classImages: [Source]
  let heldOut: [Source]
  /// What is trained on, with the class images that were drawn.
  let identity: RunIdentity

  /// Draws the class images that are asked for and not there yet; see ``ClassImageCache``.
  init(
    _ setup: TrainingSetup, checkStop: () throws -> Void, report: (TrainingEvent) throws -> Void
  ) throws {
    func sources(
      _ images: [DatasetImage], _ identities: [RunIdentity.Image], prefix: String = ""
    ) -> [Source] {
      zip(images, identities).map { image, identity in
        Source(
          image: image, sha256: identity.sha256,
          geometry: CropGeometry(
            originalWidth: image.width, originalHeight: image.height,
            targetWidth: setup.resolution, targetHeight: setup.resolution),
          label: prefix + identity.file)
      }
    }

    var identity = setup.identity
    var images: [DatasetImage] = []
    switch setup.classImages {
    case .found(let dataset): images = dataset.images
    case .drawn(let count, let prompts):
      images = try ClassImageCache(setup).images(
        count: count, prompts: prompts, checkStop: checkStop, report: report)
      // By their numbers: the names of the files say nothing.
      identity.classImages = try images.enumerated().map { index, image in
        try RunIdentity.Image(image, name: "\(index + 1)")
      }
    case nil: break
    }
    instances = sources(setup.dataset.images, identity.images)
    classImages = sources(images, identity.classImages ?? [], prefix: "class image ")
    heldOut = sources(
      setup.heldOut?.images ?? [], identity.heldOut ?? [],
      prefix: (setup.heldOut?.directory.lastPathComponent ?? "") + "/")
    self.identity = identity
  }
}
