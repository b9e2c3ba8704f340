export MODEL="stabilityai/sdxl"
accelerate launch --num_processes=2 --mixed_precision bf16 train_dreambooth_lora_sdxl.py \
  --pretrained_model_name_or_path=$MODEL --instance_prompt "a photo of 'sks' dog" \
  --with_prior_preservation --prior_loss_weight=1.0 --class_prompt="a dog" --num_class_images 10 \
  --learning_rate=1e-4 --scale_lr --train_batch_size=4 --gradient_accumulation_steps=4 \
  --num_train_epochs 5 --seed=18446744073709551615 --num_validation_images 4 --validation_prompt dog \
  --validation_epochs 2 --rank 8 --lr_scheduler cosine_with_restarts --checkpoints_total_limit=2 # end
