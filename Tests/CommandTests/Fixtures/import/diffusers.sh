#!/bin/bash
# DreamBooth with LoRA for SDXL, with diffusers' script.
export MODEL_NAME="stabilityai/stable-diffusion-xl-base-1.0"
export INSTANCE_DIR="dog photos"
OUTPUT=lora-trained-xl

pip install --quiet diffusers && \
  echo "starting"

accelerate launch --num_processes=1 --mixed_precision fp16 examples/dreambooth/train_dreambooth_lora_sdxl.py \
  --pretrained_model_name_or_path=$MODEL_NAME \
  --pretrained_vae_model_name_or_path="madebyollin/sdxl-vae-fp16-fix" \
  --instance_data_dir="${INSTANCE_DIR}" \
  --output_dir=$OUTPUT \
  --instance_prompt="a photo of sks dog" \
  --resolution=1024 \
  --center_crop \
  --train_batch_size=1 \
  --gradient_accumulation_steps 4 \
  --learning_rate=1e-4 \
  --lr_scheduler="constant" \
  --lr_warmup_steps=0 \
  --max_train_steps=500 \
  --with_prior_preservation --class_data_dir=class --class_prompt 'a photo of a dog' \
  --num_class_images=50 --prior_loss_weight=0.8 \
  --validation_prompt="A photo of sks dog in a bucket" \
  --validation_epochs=25 \
  --snr_gamma=5.0 \
  --rank=8 \
  --report_to="wandb" \
  --train_text_encoder \
  --enable_xformers_memory_eficient_attention \
  --seed="0" > train.log 2>&1
