import ArgumentParser
import DreamBooth

/// The options about pictures and captions, each also an option of the configuration file in
/// snake_case.
struct DataOptions: ParsableArguments {
  private static let defaults = TrainingConfig()

  @Option(
    help: .value("Folder with the pictures and captions. Default: Datasets/<subject>.", "folder"))
  var dataset: String?
  @Option(
    help: .value(
      "Side of the square whose area training sees, in pixels. Default: the model's own.", "pixels")
  )
  var resolution: Int?
  @Flag(
    inversion: .prefixedNo,
    help: "Let pictures keep about their shape, instead of making them squares. Default: yes.")
  var buckets: Bool?
  @Flag(
    inversion: .prefixedNo,
    help: "Enlarge pictures that are too small, instead of training at their size. Default: yes.")
  var upscale: Bool?
  @Option(
    help: .value(
      "Which part of a picture training sees: \(CropChoice.allowed). Default: "
        + "\(defaults.crop.rawValue).", "part"))
  var crop: String?
  @Flag(inversion: .prefixedNo, help: "Mirror half of the samples. Default: no.")
  var flip: Bool?
  @Option(help: .value("Text before every caption.", "text"))
  var captionPrefix: String?
  @Option(help: .value("Text after every caption.", "text"))
  var captionSuffix: String?
  @Flag(
    inversion: .prefixedNo,
    help:
      "Draw one of a caption file's lines each time, instead of reading the first. Default: no.")
  var captionAlternatives: Bool?
  @Flag(
    inversion: .prefixedNo,
    help: "Shuffle the parts of a caption between commas each time. Default: no.")
  var captionShuffle: Bool?
  @Option(
    help: .value(
      "So many parts, the first ones, are not shuffled. Default: \(defaults.keepTokens).", "n"))
  var keepTokens: Int?
  @Option(
    help: .value(
      "Share of the samples with an empty caption. Default: \(defaults.captionDropout).", "x"))
  var captionDropout: Double?
  @Option(
    help: .value(
      "Tokens of a caption that are read: 75, 150 or 225. Default: \(defaults.maxCaptionTokens).",
      "n"))
  var maxCaptionTokens: Int?
  @Flag(
    inversion: .prefixedNo,
    help: "Weigh the loss by name-mask.png files and transparency. Default: yes.")
  var masks: Bool?
  @Option(
    help: .value(
      "What the loss weighs where a mask is black. Default: \(defaults.maskFloor).", "x"))
  var maskFloor: Double?
  @Option(
    help: .value(
      "So many of the pictures are kept from training, to see over-fitting by their loss. Default: 1 of "
        + "8 and more, unless there is a folder of such pictures.", "n"))
  var holdOut: Int?
  @Option(help: .value("Pictures in one forward pass. Default: \(defaults.batchSize).", "n"))
  var batchSize: Int?
  @Option(
    help: .value(
      "Forward passes in one optimizer step. Default: \(defaults.gradientAccumulation).", "n"))
  var gradientAccumulation: Int?

  /// Sets those options that were given.
  func set(_ flags: inout ConfigFlags) {
    flags.set(.dataset, to: dataset)
    flags.set(.resolution, to: resolution)
    flags.set(.buckets, to: buckets)
    flags.set(.upscale, to: upscale)
    flags.set(.crop, to: crop)
    flags.set(.flip, to: flip)
    flags.set(.captionPrefix, to: captionPrefix)
    flags.set(.captionSuffix, to: captionSuffix)
    flags.set(.captionAlternatives, to: captionAlternatives)
    flags.set(.captionShuffle, to: captionShuffle)
    flags.set(.keepTokens, to: keepTokens)
    flags.set(.captionDropout, to: captionDropout)
    flags.set(.maxCaptionTokens, to: maxCaptionTokens)
    flags.set(.masks, to: masks)
    flags.set(.maskFloor, to: maskFloor)
    flags.set(.holdOut, to: holdOut)
    flags.set(.batchSize, to: batchSize)
    flags.set(.gradientAccumulation, to: gradientAccumulation)
  }
}
