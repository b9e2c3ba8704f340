import Foundation
import Images

extension Dataset {
  /// Everything that the user should know before training on these images: the problems of the
  /// folder, and those that depend on the configuration.
  public func problems(
    _ config: DatasetOptions, buckets: AspectBuckets, _ tokenizer: any CaptionTokenizer
  ) -> [DatasetProblem] {
    let recipe = CaptionRecipe(config)
    let usesAll = config.captionAlternatives && !isCompanion
    // Companions always use their first caption, and need not name the subject.
    let captions = images.map { image in
      (usesAll ? image.captions : [image.caption]).map { recipe.plain([$0]) }
    }
    let isUntitled = captions.joined().allSatisfy(\.isEmpty)
    let token = isCompanion || isUntitled ? [] : missingToken(in: captions.joined())
    let lines = usesAll ? [] : unreadLines
    let found =
      lines + token + crops(config, in: buckets)
      + enlargements(in: buckets, upscale: config.upscale)
      + truncations(of: captions, by: tokenizer, maxTokens: config.maxCaptionTokens)
      + captionNotes(config)
    return problems + (isCompanion ? found.map { $0.below(subject.name) } : found)
  }

  /// Images of which more than a quarter is cut off.
  private func crops(_ config: DatasetOptions, in buckets: AspectBuckets) -> [DatasetProblem] {
    let shares = images.map { image in
      CropGeometry(
        original: image.size, target: buckets.bucket(for: image.size, upscale: config.upscale)
      ).cutAway
    }
    let wide =
      config.buckets ? "a smaller `bucket_step` cuts off less" : "`buckets: true` cuts off less"
    func problem(isRandom: Bool, _ text: String) -> DatasetProblem {
      let cut = zip(images, shares).filter { image, share in
        share > 0.25 && isRandom == (config.crop == .random && image.focus == nil)
      }
      return DatasetProblem(
        cut.map(\.0.name), details: cut.map { "\(Int((100 * $1).rounded(.down))) %" },
        text + ", and \(wide)")
    }
    return [
      problem(
        isRandom: false,
        "more than a quarter of the image is cut off and never seen; a focus point, such as a line "
          + "focus: 0.5 0.3 in the caption file, chooses the part that is kept"),
      problem(
        isRandom: true,
        "more than a quarter of the image is cut off in each sample; a focus point keeps one part"),
    ].filter { !$0.files.isEmpty }
  }

  /// Images that training would enlarge by more than 1.15 to cover their buckets, and so would
  /// learn blurred.
  public func enlargements(in buckets: AspectBuckets, upscale: Bool) -> [DatasetProblem] {
    images.compactMap { image in
      let bucket = buckets.bucket(for: image.size, upscale: upscale)
      let scale = CropGeometry(original: image.size, target: bucket).scale
      guard scale > 1.15 else { return nil }
      return DatasetProblem(
        [image.name],
        "\(image.size) is enlarged \(String(format: "%.2f", scale)) times to cover \(bucket), which "
          + "blurs it" + (upscale ? "; `upscale: false` trains it smaller" : ""))
    }
  }

  /// Captions with more tokens than are read, with the text that is cut off.
  private func truncations(
    of captions: [[String]], by tokenizer: any CaptionTokenizer, maxTokens: Int
  ) -> [DatasetProblem] {
    zip(images, captions).flatMap { image, captions in
      captions.compactMap { caption in
        DatasetProblem.truncation(
          of: "the caption", caption, [image.name], by: tokenizer, maxTokens: maxTokens)
      }
    }
  }

  private var unreadLines: [DatasetProblem] {
    let several = images.filter { $0.captions.count > 1 }.map(\.name)
    guard !several.isEmpty else { return [] }
    return [
      DatasetProblem(
        several,
        "several captions, only the first is read"
          + (isCompanion ? "" : "; `caption_alternatives: true` draws one for each sample"))
    ]
  }

  /// The problem that no caption contains the word for the subject.
  private func missingToken(in captions: some Sequence<String>) -> [DatasetProblem] {
    let token = Self.words(of: subject.token)
    if captions.contains(where: { Self.words(of: $0).contains(token) }) { return [] }
    return [
      DatasetProblem(
        [],
        "no caption contains \"\(subject.token)\", so that word will not draw the subject; "
          + "use it in the captions, or set trigger in \(Subject.fileName)")
    ]
  }

  /// The words of a text in lower case, each between spaces.
  package static func words(of text: String) -> String {
    " " + text.lowercased().split { !$0.isLetter && !$0.isNumber }.joined(separator: " ") + " "
  }
}
