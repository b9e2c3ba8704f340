package import Datasets

extension TrainingConfig {
  /// The options that decide how the dataset is read.
  package var datasetOptions: DatasetOptions {
    DatasetOptions(
      subject: subject, steps: steps, batchSize: batchSize,
      gradientAccumulation: gradientAccumulation, seed: seed, buckets: buckets,
      bucketStep: bucketStep, upscale: upscale, crop: crop, flip: flip,
      captionPrefix: captionPrefix, captionSuffix: captionSuffix,
      emptyCaptions: emptyCaptions, captionAlternatives: captionAlternatives,
      captionShuffle: captionShuffle, keepTokens: keepTokens,
      keepTokensSeparator: keepTokensSeparator, captionDropout: captionDropout,
      maxCaptionTokens: maxCaptionTokens,
      masks: masks, maskFloor: maskFloor, validationDataset: validationDataset,
      validationImages: validationImages, validateEvery: validateEvery)
  }
}
