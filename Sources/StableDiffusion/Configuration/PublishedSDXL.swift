import NN

// The sizes of stabilityai/stable-diffusion-xl-base-1.0, for work on files that need no model.

extension UNetConfiguration {
  /// `unet/config.json` of SDXL.
  public static var sdxl: UNetConfiguration {
    var unet = UNetConfiguration()
    unet.sampleSize = 128
    unet.blockOutChannels = [320, 640, 1280]
    unet.downBlockTypes = [.plain, .crossAttention, .crossAttention]
    unet.upBlockTypes = [.crossAttention, .crossAttention, .plain]
    unet.layersPerBlock = [2, 2, 2]
    unet.transformerLayersPerBlock = [1, 2, 10]
    unet.attentionHeadDim = [5, 10, 20]
    unet.crossAttentionDim = [2048, 2048, 2048]
    unet.useLinearProjection = true
    unet.additionEmbedType = .textTime
    unet.additionTimeEmbedDim = 256
    unet.projectionClassEmbeddingsInputDim = 2816
    return unet
  }
}

extension CLIPTextConfiguration {
  /// `text_encoder/config.json` of SDXL.
  static var sdxlFirst: CLIPTextConfiguration {
    var encoder = CLIPTextConfiguration()
    encoder.hiddenSize = 768
    encoder.intermediateSize = 3072
    encoder.numAttentionHeads = 12
    encoder.projectionDim = 768
    encoder.eosTokenId = 2
    return encoder
  }

  /// `text_encoder_2/config.json` of SDXL.
  static var sdxlSecond: CLIPTextConfiguration {
    var encoder = CLIPTextConfiguration()
    encoder.hiddenSize = 1280
    encoder.intermediateSize = 5120
    encoder.numHiddenLayers = 32
    encoder.numAttentionHeads = 20
    encoder.projectionDim = 1280
    encoder.hiddenAct = .gelu
    encoder.eosTokenId = 2
    return encoder
  }
}
