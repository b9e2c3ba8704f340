import StableDiffusion

extension PictureRecord {
  /// The request that draws this picture again. Values that are defaults are left unset, so that they
  /// follow other options.
  package var request: DrawingRequest {
    var request = DrawingRequest()
    request.set(\.$prompt, to: prompt)
    if let negative { request.set(\.$negative, to: negative) }
    request.set(\.$seed, to: seed)
    request.set(\.$steps, to: steps)
    request.set(\.$guidance, to: guidance)
    request.set(\.$guidanceRescale, to: guidanceRescale)
    request.set(\.$width, to: width)
    request.set(\.$height, to: height)
    request.set(\.$longPrompts, to: longPrompts)
    request.set(\.$promptWeights, to: promptWeights)
    if let sampler { request.set(\.$scheduler, to: SchedulerName(sampler)) }
    request.set(\.$precision, to: Precision(rawValue: precision))
    if let device = DeviceChoice(rawValue: device) { request.set(\.$device, to: device) }
    if let tiling = VAETiling(rawValue: vaeTiling) { request.set(\.$vaeTiling, to: tiling) }
    request.set(\.$model, to: model.path)
    if let vae { request.set(\.$vae, to: vae.path) }
    if !adapters.isEmpty {
      request.set(
        \.$loras,
        to: adapters.map { AdapterChoice(path: $0.path, strength: $0.strength, name: $0.name) })
      request.set(\.$mergeAdapters, to: mergedAdapters)
    }
    if let embeddings {
      request.set(
        \.$embeddings, to: embeddings.map { EmbeddingChoice(path: $0.path, word: $0.name) })
    }
    if let refiner {
      request.set(\.$refiner, to: refiner.model.path)
      if let split = refiner.split { request.set(\.$split, to: split) }
      if let strength = refiner.strength { request.set(\.$refinerStrength, to: strength) }
      request.set(\.$aestheticScore, to: refiner.aestheticScore)
      request.set(\.$negativeAestheticScore, to: refiner.negativeAestheticScore)
    }
    if let image {
      request.set(\.$image, to: image.picture.path)
      request.set(\.$imageStrength, to: image.strength)
    }
    setSizes(of: &request)
    return request
  }

  private func setSizes(of request: inout DrawingRequest) {
    let own = Sizes(original: [width, height], crop: [0, 0], target: [width, height])
    if sizes.original != own.original { request.set(\.$originalSize, to: sizes.originalSize) }
    if sizes.crop != own.crop { request.set(\.$crop, to: sizes.cropOffset) }
    if sizes.target != own.target { request.set(\.$targetSize, to: sizes.targetSize) }
    // All three, since setting a single one changes how a refiner is conditioned.
    if let negativeSizes {
      request.set(\.$negativeOriginalSize, to: negativeSizes.originalSize)
      request.set(\.$negativeCrop, to: negativeSizes.cropOffset)
      request.set(\.$negativeTargetSize, to: negativeSizes.targetSize)
    }
  }
}

extension PictureRecord.Sizes {
  fileprivate var originalSize: ImageSize? { Self.size(original) }
  fileprivate var targetSize: ImageSize? { Self.size(target) }
  fileprivate var cropOffset: CropOffset? {
    crop.count == 2 ? CropOffset(top: crop[0], left: crop[1]) : nil
  }

  private static func size(_ sides: [Int]) -> ImageSize? {
    sides.count == 2 ? ImageSize(width: sides[0], height: sides[1]) : nil
  }
}
