package import Adapters
import Datasets
import Drawing
import Foundation
import NN
import Options
package import StableDiffusion

/// What an adapter file states about its training: kohya's `ss_` entries, modelspec, and the record of
/// this program. It depends on nothing but the configuration, the images and the step, so that a
/// resumed run writes the same bytes as one that was not interrupted.
package struct AdapterDescription {
  /// The key of this program's own record, a JSON object.
  package static let recordKey = "lora_train"

  private let config: TrainingConfig
  private let identity: RunIdentity
  private let unet: UNetConfiguration
  private let scheduler: SchedulerConfiguration
  private let trigger: String
  private let weights: CheckpointWeights

  /// - Parameters:
  ///   - trigger: the word for the subject in captions; nil: the subject's name.
  ///   - weights: the adapter of the checkpoint that is described.
  package init(
    _ config: TrainingConfig, identity: RunIdentity, trigger: String?, model: ModelDirectory,
    weights: CheckpointWeights = .adapter
  ) {
    self.weights = weights
    self.config = config
    self.identity = identity
    self.trigger = trigger ?? config.subject
    unet = model.unet
    scheduler = config.objective.scheduler(of: model.scheduler)
  }

  /// The description of a checkpoint that was written without one.
  package init(
    _ state: TrainingState, model: ModelDirectory, weights: CheckpointWeights = .adapter
  ) {
    self.init(
      state.config, identity: state.identity, trigger: nil, model: model, weights: weights)
  }

  /// modelspec's entries.
  package func modelSpec(step: Int) -> ModelSpec {
    var spec = ModelSpec(title: title(step), of: unet)
    spec.resolution = config.resolution
    let prediction = scheduler.predictionType
    spec.predictionType = prediction == .vPrediction ? "v" : prediction.rawValue
    spec.triggerPhrase = trigger
    spec.tags = [config.subject]
    return spec
  }

  /// All entries of the header of the adapter after `step` steps. Throws `EncodingError`.
  package func metadata(step: Int) throws -> [String: String] {
    var all = modelSpec(step: step).metadata
    all.merge(try training(step)) { $1 }
    all.merge(try dataset()) { $1 }
    all[Self.recordKey] = try record(step)
    all["format"] = "pt"
    return all
  }

  private func title(_ step: Int) -> String {
    "\(config.subject)-\(step)" + (weights == .ema ? "-ema" : "")
  }

  /// kohya's entries about the training. Python's words stand for no value and for truth, since
  /// sd-scripts writes them.
  private func training(_ step: Int) throws -> [String: String] {
    let rates = config.text.rates.map { $0 ?? config.optimization.learningRate }
    let textRate = rates.isEmpty ? "None" : rates.count == 1 ? "\(rates[0])" : "\(rates)"
    var entries = [
      "ss_output_name": title(step), "ss_steps": "\(step)", "ss_max_train_steps": "\(config.steps)",
      "ss_network_module": config.adaptation.networkModule, "ss_network_dim": "\(config.rank)",
      "ss_network_alpha": "\(config.alpha)",
      "ss_network_args": try json(config.adaptation.networkArguments),
      "ss_network_dropout": config.adaptation.adapterDropout == 0
        ? "None" : "\(config.adaptation.adapterDropout)",
      "ss_scale_weight_norms": python(config.adaptation.scaleWeightNorms),
      "ss_learning_rate": "\(config.optimization.learningRate)",
      "ss_unet_lr": "\(config.optimization.learningRate)",
      "ss_text_encoder_lr": textRate,
      "ss_lr_scheduler": config.optimization.learningRateSchedule.rawValue
        .replacing("-", with: "_"),
      "ss_lr_warmup_steps": "\(config.optimization.learningRateWarmupSteps)",
      "ss_optimizer": config.optimization.optimizer.className,
      "ss_seed": "\(config.seed)", "ss_mixed_precision": Self.precision(config.precision),
      "ss_gradient_checkpointing": python(config.gradientCheckpointing == true),
      "ss_gradient_accumulation_steps": "\(config.gradientAccumulation)",
      "ss_max_grad_norm": python(config.optimization.maxGradientNorm),
      "ss_caption_dropout_rate": "\(config.captionDropout)",
      "ss_max_token_length": "\(config.maxCaptionTokens)", "ss_v2": "False",
      "ss_resolution": python(config.resolution.map { "(\($0), \($0))" }),
      "ss_enable_bucket": python(config.buckets), "ss_cache_latents": "True",
    ]
    if let version = SDXLVersion(unet) { entries["ss_base_model_version"] = version.kohyaName }
    entries.merge(objective()) { $1 }
    if config.hasPriorLoss { entries["ss_prior_loss_weight"] = "\(config.priorWeight)" }
    return entries
  }

  /// kohya's entries about the loss and the noise.
  private func objective() -> [String: String] {
    let options = config.objective
    func number(_ value: Double) -> String { value == 0 ? "None" : "\(value)" }
    let iterations = options.multiresNoiseIterations
    return [
      "ss_loss_type": options.loss == .smoothL1 ? "smooth_l1" : options.loss.rawValue,
      "ss_huber_schedule": options.huberSchedule.rawValue, "ss_huber_c": "\(options.huberC)",
      "ss_huber_scale": "\(options.huberScale)",
      "ss_min_snr_gamma": python(options.minSNRGamma),
      "ss_debiased_estimation": python(options.debiasedEstimation),
      "ss_noise_offset": number(options.noiseOffset),
      "ss_noise_offset_random_strength": python(options.noiseOffsetRandomStrength),
      "ss_adaptive_noise_scale": number(options.adaptiveNoiseScale),
      "ss_multires_noise_iterations": iterations == 0 ? "None" : "\(iterations)",
      "ss_multires_noise_discount": "\(options.multiresNoiseDiscount)",
      "ss_ip_noise_gamma": number(options.inputPerturbation),
      "ss_ip_noise_gamma_random_strength": python(options.perturbationRandomStrength),
      "ss_zero_terminal_snr": python(scheduler.rescaleBetasZeroSnr),
    ]
  }

  private func python(_ value: (some Any)?) -> String { value.map { "\($0)" } ?? "None" }
  private func python(_ value: Bool) -> String { value ? "True" : "False" }

  private static func precision(_ precision: Precision?) -> String {
    precision == .fp32 ? "no" : precision?.rawValue ?? "None"
  }

  /// kohya's entries about the images.
  private func dataset() throws -> [String: String] {
    struct Folder: Encodable {
      let n_repeats: Int
      let img_count: Int
    }
    let classImages = identity.classImages ?? []
    func folders(_ images: [RunIdentity.Image], _ name: String) throws -> String {
      try json(images.isEmpty ? [:] : [name: Folder(n_repeats: 1, img_count: images.count)])
    }
    let tags = identity.images.flatMap { image in
      (image.captions ?? [image.caption]).flatMap { $0.split(separator: ",") }
    }.map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
    return [
      "ss_num_train_images": "\(identity.images.reduce(0) { $0 + ($1.repeats ?? 1) })",
      "ss_num_reg_images": "\(classImages.count)",
      "ss_dataset_dirs": try folders(identity.images, config.subject),
      "ss_reg_dataset_dirs": try folders(classImages, "class"),
      "ss_tag_frequency": try json([
        config.subject: Dictionary(tags.map { ($0, 1) }, uniquingKeysWith: +)
      ]),
    ]
  }

  /// The options that decide the results, and the hashes of the images and the base model. Paths of
  /// this machine are left out.
  private func record(_ step: Int) throws -> String {
    let schema = TrainingConfig.schema
    let paths = [schema.key(of: \.$priorFolder), schema.key(of: \.$initLora)]
    return try json(
      Record(
        step: step, weights: weights == .adapter ? nil : weights.rawValue,
        config: config.resultOptions(without: Set(paths)),
        images: identity.images.map(\.sha256),
        class_images: identity.classImages?.map(\.sha256), init_lora: identity.initialAdapter,
        model: identity.model))
  }

  private struct Record<Options: Encodable>: Encodable {
    let step: Int
    let weights: String?
    let config: Options
    let images: [String]
    let class_images: [String]?
    let init_lora: String?
    let model: [String: String]
  }

  private func json(_ value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(value), as: UTF8.self)
  }
}
