import Foundation
import TestSupport

@testable import Datasets
@testable import Drawing
@testable import Options
@testable import StableDiffusion
@testable import Training

extension FuzzTarget {
  /// Prompts, captions and the texts in pictures.
  static let texts = [prompt, infotext, pictureRecord]

  private static let prompt = FuzzTarget("prompt") { bytes in
    let text = String(decoding: bytes, as: UTF8.self)
    let tokenizer = try tokenizers.get()
    // One of both, since the tokenizers take most of the time.
    let isShort = bytes.count.isMultiple(of: 2)
    _ = tokenizer.encode(
      text, as: isShort ? PromptReading() : PromptReading(isLong: true, isWeighted: true))
    _ = PromptMarkup.found(in: text)
    _ = recipe.caption(of: [text], seed: 1, step: 2, sample: 3)
  }

  private static let tokenizers = Result {
    PromptTokenizer(
      try CLIPTokenizer(builtInPaddingWith: "<|endoftext|>"),
      try CLIPTokenizer(builtInPaddingWith: "!"))
  }

  private static let recipe = {
    var config = TrainingConfig()
    config.captionShuffle = true
    config.keepTokensSeparator = "|||"
    return CaptionRecipe(config.datasetOptions)
  }()

  /// A1111's text of a picture.
  private static let infotext = FuzzTarget("infotext") { bytes in
    guard let infotext = Infotext(parsing: String(decoding: bytes, as: UTF8.self)) else { return }
    try infotext.request(besides: DrawingRequest()).request.check()
    _ = Infotext(parsing: infotext.text)
  }

  /// Our own text of a picture.
  private static let pictureRecord = FuzzTarget("picture-record") { bytes in
    let record: PictureRecord
    do {
      record = try JSONDecoder().decode(PictureRecord.self, from: bytes)
    } catch is DecodingError {
      return
    }
    try record.request.check()
  }
}
