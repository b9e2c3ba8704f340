extension Recipe {
  /// The recipes that come with the program. `make defaults` writes them into `Configs/recipes`.
  package static let standard = [
    Recipe(
      name: "character",
      yaml: """
        # For a person or an animal in 10 to 30 images, to be drawn in new settings.

        # About 50 to 150 passes over the images: likeness comes late, and validation shows when it is enough.
        steps: 1500
        # Enough for one face. A higher rank learns the backgrounds, too.
        rank: 16
        learning_rate: 1.0e-04
        # The rate falls to 0, so that the last steps settle.
        learning_rate_schedule: cosine
        # Timesteps with little noise, which show details, do not outweigh the others.
        min_snr_gamma: 5.0
        checkpoint_every: 250
        sample_every: 250

        """, file: nil),
    Recipe(
      name: "style",
      yaml: """
        # For the look of 20 to 200 pictures, whatever they show. Describe in the captions what they show.

        steps: 3000
        # A look is in all layers of the transformers, and has more to learn than one subject.
        targets: attention-ff
        rank: 32
        learning_rate: 5.0e-05
        learning_rate_schedule: cosine
        # The look must not need a caption.
        caption_dropout: 0.1
        # Each epoch shows another part of a picture, and a look has no left and right.
        crop: random
        flip: true
        checkpoint_every: 500
        sample_every: 500

        """, file: nil),
    Recipe(
      name: "object",
      yaml: """
        # For a thing or a product in 5 to 20 images, whose details must be right.

        steps: 1000
        # Few images of one rigid thing: more would be learnt by heart.
        rank: 8
        learning_rate: 1.0e-04
        learning_rate_schedule: cosine
        # Letters and logos must not be mirrored.
        flip: false
        checkpoint_every: 100
        sample_every: 200

        """, file: nil),
    Recipe(
      name: "8gb",
      yaml: """
        # For a GPU with 8 GB. Slower. Weights that do not fit are rounded to 8 bits.

        # What is not set is chosen so that the training fits: checkpointing, weights in 8 bits, offloading.
        memory: 8GB
        # A quarter of the memory for the optimizer's state.
        optimizer: adamw-8bit
        rank: 8
        learning_rate: 1.0e-04
        # Four images in a step, one after the other.
        batch_size: 1
        gradient_accumulation: 4
        steps: 800
        learning_rate_schedule: cosine
        checkpoint_every: 100
        sample_every: 200

        """, file: nil),
    Recipe(
      name: "fast",
      yaml: """
        # For a first look at whether the images and captions work, in a quarter of the time.

        steps: 400
        rank: 8
        # High rates learn fast, and forget what the base model knows.
        learning_rate: 3.0e-04
        learning_rate_schedule: cosine
        # Under two thirds of the pixels of SDXL's own size.
        resolution: 768
        checkpoint_every: 100
        sample_every: 100

        """, file: nil),
    Recipe(
      name: "best",
      yaml: """
        # For the best result that time buys: all layers, more steps, and checkpoints to choose from.

        steps: 3000
        targets: full
        rank: 32
        # Convolutions carry texture, and need less.
        layer_ranks: {resnets: 8, downsamplers: 8, upsamplers: 8}
        learning_rate: 7.0e-05
        learning_rate_schedule: cosine
        # Two images in a step make its direction steadier.
        gradient_accumulation: 2
        checkpoint_every: 250
        # The ranking of checkpoints needs a loss that falls only while the subject is learnt.
        validate_every: 250
        sample_every: 250

        """, file: nil),
  ]
}
