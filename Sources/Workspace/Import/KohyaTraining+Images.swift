import Datasets
import Foundation
import Training

/// Folders, images and captions.
extension KohyaTraining {
  /// The dataset folder, the folder of class images and the name of the subject.
  mutating func setFolders(_ names: SubjectNames) {
    let first = dataset.training.first
    let subject = names.subject(
      options.text("output_name"), first?.caption,
      first.map { URL(filePath: $0.path).lastPathComponent })
    draft.set(\.$subject, to: subject)
    draft.setDataset(dataset.training, subject: subject, subjectFolder: names.folder)
    if let first, dataset.training.count == 1, first.repeats > 1, first.parentIfNamed == nil {
      draft.note(
        "num_repeats = \(first.repeats)", .notNeeded,
        "of a single folder, repeats only decide how long an epoch is")
    }
    setClassImages()
  }

  /// The class images. sd-scripts mixes them into its batches, and half of a batch are class images.
  private mutating func setClassImages() {
    let weight = options.take("prior_loss_weight")
    guard let first = dataset.classes.first else {
      if let weight { draft.note(weight, .notNeeded, "there are no class images") }
      return
    }
    draft.set(\.$priorFolder, to: first.path)
    if let caption = first.caption { draft.set(\.$classPrompts, to: [caption]) }
    if let weight = weight?.value.asNumber { draft.set(\.$priorWeight, to: weight) }
    draft.note(
      "class images in batches", .approximated,
      "a batch of sd-scripts is half class images; here a step has batch_size images of the subject "
        + "and prior_batch_size class images, so all numbers of steps are halved")
    if first.repeats > 1 {
      draft.note(
        "num_repeats = \(first.repeats) of \(first.path)", .notNeeded,
        "class images are used in turn, whatever their number")
    }
    for other in dataset.classes.dropFirst() {
      draft.note(
        "the class images in \(other.path)", .noCounterpart,
        "one folder of class images is read; copy these images into it")
    }
  }

  /// Sizes, crops, captions and masks.
  mutating func setImages() throws(ImportError) {
    if let size = try options.integer("train_batch_size") { draft.set(\.$batchSize, to: size) }
    if let setting = options.take("resolution") {
      let texts = setting.value.asTexts.flatMap { $0.split(separator: ",") }
        .map { $0.trimmingCharacters(in: .whitespaces) }
      let numbers = texts.compactMap { ForeignValue.text($0).asInteger }
      guard let width = numbers.first, numbers.count == texts.count, numbers.count <= 2 else {
        throw .wrongValue(
          setting.name, place: setting.place, found: setting.value.text,
          expected: "a number of pixels or two, such as \"1024,1024\"")
      }
      draft.setResolution(setting, width: width, height: numbers.last ?? width)
    }
    let hasBuckets = try options.flag("enable_bucket")
    draft.set(\.$buckets, to: hasBuckets)
    if let step = try options.integer("bucket_reso_steps") { draft.set(\.$bucketStep, to: step) }
    if let setting = options.take("bucket_no_upscale"), !setting.value.isOff {
      if hasBuckets {
        draft.set(\.$upscale, to: false)
      } else {
        draft.note(setting, .notNeeded, "it has no effect without enable_bucket")
      }
    }
    if try options.flag("random_crop") { draft.set(\.$crop, to: .random) }
    if try options.flag("flip_aug") { draft.set(\.$flip, to: true) }
    try setCaptions()
    try setMasks()
    if let split = options.take("validation_split"), !split.value.isOff {
      let share = try split.converted(
        { $0.asNumber.flatMap { (0...1).contains($0) ? $0 : nil } }, "a share from 0 to 1")
      let images = dataset.training.compactMap(\.imageCount).reduce(0, +)
      let count = max(1, Int((share * Double(images)).rounded()))
      draft.set(\.$validationImages, to: count)
      draft.note(split, .approximated, "validation_images \(count), of \(images) images found here")
    }
  }

  private mutating func setCaptions() throws(ImportError) {
    let misspelt = options.take("caption_extention")
    let ending = options.take("caption_extension") ?? misspelt
    if let ending {
      let isRead = CaptionFile.endings.contains(String(ending.value.text.drop { $0 == "." }))
      draft.note(
        ending, isRead ? .notNeeded : .noCounterpart,
        isRead
          ? "captions are read from such files"
          : "captions are not read from such files; rename them to .txt")
    }
    let prefix = options.take("caption_prefix")
    if let prefix, !prefix.value.isOff { draft.set(\.$captionPrefix, to: prefix.value.text) }
    if let suffix = options.text("caption_suffix") { draft.set(\.$captionSuffix, to: suffix) }
    if try options.flag("shuffle_caption") {
      draft.set(\.$captionShuffle, to: true)
      if let prefix, !prefix.value.isOff {
        draft.note(prefix, .approximated, "prefix and suffix are not shuffled here")
      }
    }
    if let kept = try options.integer("keep_tokens"), kept > 0 {
      draft.set(\.$keepTokens, to: kept)
    }
    if let separator = options.text("keep_tokens_separator") {
      draft.set(\.$keepTokensSeparator, to: separator)
    }
    if let share = try options.number("caption_dropout_rate"), share > 0 {
      draft.set(\.$captionDropout, to: share)
    }
    if let setting = options.take("enable_wildcard"), !setting.value.isOff {
      draft.set(\.$captionAlternatives, to: true)
      draft.note(
        setting, .approximated,
        "a random line of a caption file is used; words such as {red|blue} stay as they are")
    }
    if let length = try options.integer("max_token_length") {
      draft.set(\.$maxCaptionTokens, to: length)
    }
  }

  private mutating func setMasks() throws(ImportError) {
    let isMasked = [options.take("alpha_mask"), options.take("masked_loss")]
      .contains { $0.map { !$0.value.isOff } ?? false }
    draft.set(\.$masks, to: isMasked)
    if isMasked {
      draft.set(\.$maskFloor, to: 0)
      draft.note(
        "alpha_mask or masked_loss", .approximated,
        "the masks are the images' transparency and files such as 01-mask.png beside 01.jpg")
    }
  }
}
