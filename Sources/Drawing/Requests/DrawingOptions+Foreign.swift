package import Options

extension DrawingOptions {
  /// What an option of another program for drawing is here: A1111's web UI, ComfyUI, diffusers or
  /// sd-scripts. Names with dashes count as names in snake_case.
  package static func foreign(_ name: String) -> ForeignName? {
    let key = foreignKey(name)
    for (program, names) in counterparts {
      if let answer = names[key] { return ForeignName(key, of: program, is: answer) }
    }
    return unavailable[key].map { ForeignName(key, of: "other programs", hasNone: $0) }
  }

  private static let counterparts: [(program: String, names: [String: String])] = [
    (
      "A1111's web UI",
      [
        "cfg_scale": "`guidance`", "sampler": "`scheduler`", "sampler_name": "`scheduler`",
        "sampler_index": "`scheduler`", "schedule_type": "`scheduler`", "batch_count": "`count`",
        "n_iter": "`count`", "batch_size": "`count`", "negative_prompt": "`negative`",
        "sampling_steps": "`steps`", "denoising_strength": "`image_strength`",
        "init_images": "`image`", "sd_model_checkpoint": "`model`", "sd_vae": "`vae`",
        "refiner_checkpoint": "`refiner`", "refiner_switch_at": "`split`", "outdir": "`output`",
      ]
    ),
    (
      "ComfyUI",
      [
        "cfg": "`guidance`", "denoise": "`image_strength`", "ckpt_name": "`model`",
        "lora_name": "`loras`", "strength_model": "the number after the colon of `loras`",
        "vae_name": "`vae`", "noise_seed": "`seed`", "filename_prefix": "`output`",
      ]
    ),
    (
      "diffusers",
      [
        "guidance_scale": "`guidance`", "num_inference_steps": "`steps`",
        "num_images_per_prompt": "`count`", "high_noise_frac": "`split`",
        "denoising_end": "`split`", "denoising_start": "`split`",
        "pretrained_model_name_or_path": "`model`", "lora_weights": "`loras`",
        "lora_scale": "the number after the colon of `loras`",
        "cross_attention_kwargs": "the number after the colon of `loras`",
        "crops_coords_top_left": "`crop`", "init_image": "`image`", "torch_dtype": "`precision`",
      ]
    ),
    (
      "sd-scripts",
      [
        "ckpt": "`model`", "scale": "`guidance`", "images_per_prompt": "`count`",
        "network_weights": "`loras`", "network_mul": "the number after the colon of `loras`",
        "network_module": "chosen by the file that `loras` names", "image_path": "`image`",
        "from_file": "`prompts`", "w": "`width`", "h": "`height`",
      ]
    ),
    (
      "other programs",
      [
        "embedding": "`embeddings`", "textual_inversion": "`embeddings`", "lora_path": "`loras`",
        "lora_weight": "the number after the colon of `loras`",
        "adapter": "`loras`", "checkpoint": "`model`", "base_model": "`model`",
        "num_images": "`count`", "num_samples": "`count`", "n": "`count`", "n_samples": "`count`",
        "num_steps": "`steps`", "ddim_steps": "`steps`", "out": "`output`",
        "output_dir": "`output`", "out_dir": "`output`", "dtype": "`precision`",
        "fp16": "`precision: fp16`", "bf16": "`precision: bf16`", "half": "`precision: fp16`",
        "gpu": "`device`", "init_img": "`image`", "image_path": "`image`",
        "size": "`width` and `height`", "resolution": "`width` and `height`",
        "neg": "`negative`", "template": "`prompts`", "prompt_file": "`prompts`",
        "workers": "`threads`",
      ]
    ),
  ]

  private static let unavailable = [
    "clip_skip": "the penultimate layers are used, as SDXL was trained",
    "hypernetwork": "hypernetworks are not read", "restore_faces": "faces are not redrawn",
    "tiling": "seamless pictures are not drawn; `vae_tiling` saves memory",
    "enable_hr": "pictures are drawn in one pass; `image` draws over an enlarged one",
    "hires_fix": "pictures are drawn in one pass; `image` draws over an enlarged one",
    "subseed": "seeds are not mixed", "eta": "samplers have the model's own settings",
    "styles": "styles are not read; write them into `prompt`",
    "controlnet": "control images are not read", "xformers": "the fastest attention is always used",
  ]
}
