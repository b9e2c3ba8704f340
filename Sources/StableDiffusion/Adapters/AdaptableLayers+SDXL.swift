extension AdaptableLayers {
  /// The layers of SDXL as it was published, which most adapters are for. No model is needed.
  public static var sdxl: AdaptableLayers {
    AdaptableLayers(unet: .sdxl, textEncoder: .sdxlFirst, textEncoder2: .sdxlSecond)
  }
}
