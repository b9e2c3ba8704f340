package import StableDiffusion

extension DrawingOptions {
  /// The seeds of the pictures: `seed`, `seed` + 1 and so on.
  package var seeds: [UInt64] { (0..<UInt64(count)).map { seed + $0 } }

  /// The pictures as the pipeline draws them.
  ///
  /// - Parameters:
  ///   - side: the model's resolution in pixels, for a width or height that is not set.
  ///   - image: the start image, in the size of the pictures.
  package func series(side: Int, image: StartImage? = nil) -> PictureSeries {
    var series = PictureSeries(
      prompt: prompt ?? "", negative: negative, width: width ?? side, height: height ?? side,
      steps: steps, guidance: guidance, seeds: seeds)
    series.guidanceRescale = guidanceRescale
    series.reading = PromptReading(isLong: longPrompts, isWeighted: promptWeights)
    series.tiling = vaeTiling
    series.image = image
    series.refinement =
      refinerStrength.map { .over(strength: $0) }
      ?? .ensemble(split: split ?? Self.standardSplit)
    series.aestheticScore = aestheticScore
    series.negativeAestheticScore = negativeAestheticScore
    var sizes = SizeConditioning(width: series.width, height: series.height)
    sizes.set(originalSize, crop, targetSize)
    series.sizes = sizes
    if negativeOriginalSize != nil || negativeCrop != nil || negativeTargetSize != nil {
      sizes.set(negativeOriginalSize, negativeCrop, negativeTargetSize)
      series.negativeSizes = sizes
    }
    return series
  }
}

extension SizeConditioning {
  fileprivate mutating func set(_ original: ImageSize?, _ crop: CropOffset?, _ target: ImageSize?) {
    if let original { (originalWidth, originalHeight) = (original.width, original.height) }
    if let crop { (cropTop, cropLeft) = (crop.top, crop.left) }
    if let target { (targetWidth, targetHeight) = (target.width, target.height) }
  }
}
