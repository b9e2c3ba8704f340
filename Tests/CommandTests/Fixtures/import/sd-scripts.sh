# A LoRA with sd-scripts, whose dataset is in a file of its own.
accelerate launch --num_cpu_threads_per_process 2 sdxl_train_network.py ^
  --pretrained_model_name_or_path "models/sd_xl_base_1.0.safetensors" ^
  --dataset_config dataset.toml ^
  --network_module networks.lora --network_dim 16 --network_alpha 8 ^
  --optimizer_type Prodigy --learning_rate 1.0 --optimizer_args "decouple=True" "d_coef=2" ^
  --lr_scheduler cosine --lr_warmup_steps 100 ^
  --max_train_steps 2000 --save_every_n_steps 500 ^
  --text_encoder_lr 5e-5 1e-5 --cache_latents --seed 7
